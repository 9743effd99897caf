import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { testApp } from './harness.ts'

const isBuilt = existsSync(new URL('../../dist/server/playground/app.js', import.meta.url))

describe('the page', () => {
  it.skipIf(!isBuilt)('is served without a key, from this server alone', async () => {
    const { app } = testApp({}, { apiKeys: ['k'] })
    const page = await app.request('/')
    expect(page.status).toBe(200)
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const html = await page.text()
    expect(html).not.toMatch(/https?:|<style|style=|\son\w+=|<script(?![^>]*\ssrc=)/)
    for (const path of ['/app.js', '/app.css', '/icon.svg']) expect((await app.request(path)).status).toBe(200)
    expect((await app.request('/app.js.map')).status).toBe(401)
  })

  it('every response forbids scripts, frames and guesses', async () => {
    const { app } = testApp()
    for (const path of ['/', '/props', '/nothing']) {
      const { headers } = await app.request(path)
      const policy = headers.get('content-security-policy')
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
      expect(policy).not.toMatch(/unsafe|data:|\*/)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
    }
  })
})

describe('browsers', () => {
  const status = async (options: Parameters<typeof testApp>[1], headers: Record<string, string>) =>
    (await testApp({}, options).app.request('/props', { headers })).status

  it.each([
    ['http://127.0.0.1:8080', '127.0.0.1:8080', 200],
    ['https://chat.example', 'chat.example', 200],
    ['http://evil.example', '127.0.0.1:8080', 403],
    ['http://127.0.0.1:9999', '127.0.0.1:8080', 403],
    ['null', '127.0.0.1:8080', 403],
    ['file://', '127.0.0.1:8080', 403],
  ])('pages of %s at %s: %i', async (Origin, Host, expected) => {
    expect(await status({ open: true }, { Origin, Host })).toBe(expected)
  })

  it('an origin that was named is let in', async () => {
    expect(await status({ corsOrigins: ['https://friend.example'] }, { Origin: 'https://friend.example', Host: 'localhost:8080' })).toBe(
      200,
    )
  })

  it.each([
    ['localhost:8080', 200],
    ['127.0.0.1:8080', 200],
    ['[::1]:8080', 200],
    ['192.168.1.7', 200],
    ['workstation:8080', 200],
    ['host.docker.internal:8080', 200],
    ['evil.example', 403],
    ['127.0.0.1.evil.example:8080', 403],
  ])('the name %s, which somebody else may have pointed here: %i', async (Host, expected) => {
    expect(await status({}, { Host })).toBe(expected)
    const open: Parameters<typeof testApp>[1][] = [{ open: true }, { corsOrigins: [`http://${Host}`] }]
    for (const options of open) expect(await status(options, { Host })).toBe(200)
    expect(await status({ apiKeys: ['k'] }, { Host, Authorization: 'Bearer k' })).toBe(200)
  })

  it('says how to allow what it refuses', async () => {
    const response = await testApp().app.request('/props', { headers: { Host: 'evil.example' } })
    expect(await response.json()).toMatchObject({
      error: { code: 'origin_not_allowed', message: expect.stringContaining('--cors-origin') },
    })
  })
})

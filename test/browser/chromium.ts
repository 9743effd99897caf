import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, expect } from 'vitest'
import { CHROMIUM } from '../../scripts/chromium.mjs'

/** Where the browser is; undefined: these tests are skipped. `npm test` installs it where it can. */
export const executablePath = CHROMIUM.find(existsSync)
/** The built page. */
export const PAGE = new URL('../../dist/server/playground/', import.meta.url)
export const canRun = executablePath !== undefined && existsSync(new URL('app.js', PAGE))
if (!canRun) console.log('no Chromium or no built page: the tests in a browser are skipped')

let browser: Promise<Browser> | undefined
const pages: Page[] = []

/** A page with a profile of its own. What it logs as an error, or asks other servers for, fails the test. */
export async function openPage(url: string, options: BrowserContextOptions = {}): Promise<Page> {
  browser ??= chromium.launch({ executablePath: executablePath as string, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
  const context = await (await browser).newContext({ viewport: { width: 1360, height: 860 }, ...options })
  const page = await context.newPage()
  pages.push(page)
  page.on('pageerror', (error) => troubles.push(error.message))
  page.on('console', (message) => message.type() === 'error' && troubles.push(message.text()))
  page.on('dialog', (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    const to = new URL(request.url())
    if (to.protocol !== 'blob:' && to.protocol !== 'file:' && to.hostname !== '127.0.0.1') troubles.push(`request to ${to}`)
  })
  await page.goto(url)
  return page
}

/** Errors since the test began; a test that expects some empties it. */
export const troubles: string[] = []

afterEach(async () => {
  await Promise.all(pages.splice(0).map((page) => page.context().close()))
  expect(troubles.splice(0)).toEqual([])
})

afterAll(async () => {
  await (await browser)?.close()
})

/** Keeps a picture, to be looked at. */
export async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: fileURLToPath(new URL(`screenshots/${name}.png`, import.meta.url)) })
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds serious or worse. */
export async function findings(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const found = (await page.evaluate('axe.run({ preload: false })')) as {
    violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[]
  }
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`))
}

/** Asks in the chat and waits for the end of the answer. */
export async function ask(page: Page, prompt: string): Promise<void> {
  await send(page, prompt)
  await page.getByRole('button', { name: 'Retry' }).waitFor({ timeout: 60_000 })
}

export async function send(page: Page, prompt: string): Promise<void> {
  await page.getByLabel('Message', { exact: true }).fill(prompt)
  await page.keyboard.press('Enter')
}

/** The text of the newest answer. */
export async function answer(page: Page): Promise<string> {
  return (await page.locator('.answer-text').last().textContent()) ?? ''
}

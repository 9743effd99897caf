import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { type Listening, type ListenOptions, listen } from '../../src/server/listen.ts'
import { FakeEngine, type FakeEngineOptions } from '../../src/testing/index.ts'
import { answer, ask, canRun, findings, openPage, PAGE, picture, send, troubles } from './chromium.ts'

const open: Listening[] = []

async function serve(engine: FakeEngineOptions = {}, options: ListenOptions = {}): Promise<Listening> {
  const server = await listen(new FakeEngine(engine), { port: 0, ...options })
  open.push(server)
  return server
}

afterEach(async () => {
  for (const server of open.splice(0)) await server.stop(0)
})

const HOSTILE = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(2)>',
  '<svg onload=alert(3)><style>body{display:none}</style>',
  '"><iframe src=javascript:alert(4)></iframe>',
  '<a href="javascript:alert(5)" autofocus onfocus=alert(5)>x</a>',
  '\u202e\u0000\ufffe \ud800 {{constructor.constructor("alert(6)")()}} &lt;b&gt; <!--',
].join(' ')

describe.skipIf(!canRun)('what a model writes', () => {
  it('is never markup: in the answer, the prompt, the step, its tree, phrases, charts, and a replay', async () => {
    const { url } = await serve({ answer: () => HOSTILE })
    const page = await openPage(url)
    await ask(page, HOSTILE)
    expect(await answer(page)).toContain('<img src=x onerror=alert(2)>')
    for (const panel of ['Step', 'Charts', 'Phrases', 'Settings']) {
      await page.getByRole('tab', { name: panel }).click()
      expect(
        await page.locator('main script, main img, main iframe, main a, main style, aside script, aside img, aside style').count(),
      ).toBe(0)
    }
    await page.locator('.tools').getByRole('button', { name: 'Replay' }).click()
    await page.getByRole('tab', { name: 'Step' }).click()
    await page.waitForTimeout(1000)
    expect(await page.locator('main img, main iframe, main script').count()).toBe(0)
  })

  it('of the server is no markup either: errors, names', async () => {
    const { url } = await serve({}, { model: HOSTILE, limits: { promptTokens: 1 } })
    const page = await openPage(url)
    await send(page, 'one two three four')
    await page.getByText('the prompt has 4 tokens').waitFor()
    expect(await page.locator('header img, header script').count()).toBe(0)
    troubles.length = 0 // the browser logs the refusal
  })

  it('scripts that get into the page some other way do not run', async () => {
    const { url } = await serve()
    const page = await openPage(url)
    const add = (code: string) => page.evaluate(code).catch(String)
    await add(`const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s)`)
    await add(`document.body.setAttribute('onclick', 'window.ran = 2'); document.body.click()`)
    await add(`document.body.innerHTML = '<img src=x onerror="window.ran = 3">'`)
    await page.waitForTimeout(200)
    expect(await page.evaluate('window.ran')).toBeUndefined()
    expect(troubles.splice(0).join()).toContain('has been blocked')
  })
})

describe.skipIf(!canRun)('pages of other origins', () => {
  it('cannot ask the server for anything', async () => {
    const { url } = await serve()
    const other = await serve()
    const page = await openPage(other.url)
    const status = await page.evaluate(`fetch('${url}/v1/models', { mode: 'no-cors' }).then((r) => r.type, (e) => 'failed')`)
    expect(['failed', 'opaque']).toContain(status)
    troubles.length = 0
  })
})

describe.skipIf(!canRun)('an API key', () => {
  it('is asked for, and kept for the tab alone', async () => {
    const { url } = await serve({}, { apiKeys: ['secret-key'] })
    const page = await openPage(url)
    const dialog = page.getByRole('dialog', { name: 'API key' })
    await dialog.waitFor()
    await picture(page, 'key')
    expect(await findings(page)).toEqual([])
    await dialog.getByLabel('API key').fill('wrong')
    await page.keyboard.press('Enter')
    await dialog.getByText('does not fit').waitFor()
    await dialog.getByLabel('API key').fill('secret-key')
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'hidden' })
    await ask(page, 'Hi')
    expect(await answer(page)).toBe('Hello there, wide world!')
    expect(page.url()).toBe(`${url}/`)
    expect(await page.evaluate('JSON.stringify(localStorage) + document.cookie')).not.toContain('secret-key')
    await page.reload()
    await page.getByText('exact').waitFor()
    const second = await page.context().newPage()
    await second.goto(url)
    await second.getByRole('dialog', { name: 'API key' }).waitFor()
    troubles.length = 0 // the browser logs the refusals
  })
})

describe.skipIf(!canRun)('without a server', () => {
  it('the page opens as a file and replays the example and traces', async () => {
    const page = await openPage(new URL('index.html', PAGE).href)
    await page.getByRole('button', { name: 'Play the example' }).click()
    await page.getByRole('button', { name: 'Pause' }).click()
    const whole = page.getByRole('slider', { name: 'Step' })
    await whole.fill(`${await whole.getAttribute('max')}`)
    expect(await answer(page)).toContain('def ')
    await picture(page, 'replay-file')
    await page.locator('input[type=file]').setInputFiles(fileURLToPath(new URL('../../package.json', import.meta.url)))
    await page.getByText('This is no trace').waitFor()
    expect(await findings(page)).toEqual([])
  })
})

describe.skipIf(!canRun)('a long conversation', () => {
  it('of 10,000 tokens: all of it is there, old trees are not kept, memory stays', async () => {
    const words = Array.from({ length: 2000 }, (_, i) => `word${i}`).join(' ')
    const { url } = await serve({ answer: () => words, stepWords: 4, facts: { contextLength: 100_000 } })
    const page = await openPage(url)
    const session = await page.context().newCDPSession(page)
    const heap = async () => {
      await session.send('HeapProfiler.collectGarbage')
      return (await session.send('Runtime.getHeapUsage')).usedSize / 2 ** 20
    }
    await page.getByRole('tab', { name: 'Settings' }).click()
    await page.getByLabel('Most tokens').fill('2000')
    const sizes: number[] = []
    for (let i = 0; i < 5; i++) {
      await send(page, `Again ${i}`)
      await page.locator('.tools').nth(i).waitFor()
      sizes.push(await heap())
    }
    expect((await page.locator('.answer-text').allTextContents()).join('').match(/word/g)).toHaveLength(10_000)
    console.log(`heap after each 2,000 tokens, MiB: ${sizes.map((size) => size.toFixed(1)).join(', ')}`)
    expect((sizes.at(-1) as number) - (sizes[0] as number)).toBeLessThan(16)
  })
})

import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { modelFile } from '../llama/model-files.ts'
import { answer, ask, canRun, findings, openPage, picture, send, troubles } from './chromium.ts'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const PROMPT = 'Write a short poem about rivers, then repeat it word for word three times.'
let child: ChildProcess
let url: string

/** `ouroboros serve` with the small model, as a process of its own. */
async function start(port = 0): Promise<void> {
  await modelFile('smollm2-135m')
  const args = ['-m', 'smollm2-135m', '-md', 'smollm2-135m', '-np', '2', '-c', '2048', '--no-calibrate']
  child = spawn(process.execPath, [MAIN, 'serve', '--port', `${port}`, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
  let out = ''
  for await (const chunk of child.stdout as NonNullable<ChildProcess['stdout']>) {
    out += chunk
    if (out.includes('\n')) break
  }
  url = /listening on (\S+)/.exec(out)?.[1] as string
}

beforeAll(async () => {
  if (canRun) await start()
})
afterAll(() => {
  child?.kill('SIGKILL')
})

/** Sets the most tokens of an answer. */
async function limit(page: Page, tokens: number): Promise<void> {
  await page.getByRole('tab', { name: 'Settings' }).click()
  await page.getByLabel('Most tokens').fill(`${tokens}`)
  await page.getByRole('tab', { name: 'Step' }).click()
}

/** An answer that takes seconds: many steps of one token. */
async function sendLong(page: Page): Promise<void> {
  await page.getByRole('tab', { name: 'Settings' }).click()
  await page.getByLabel('Method').selectOption('vanilla')
  await send(page, PROMPT)
}

describe.skipIf(!canRun)('the playground on a real model', () => {
  it('sends, streams, marks tokens by origin, shows steps; copies, retries with the same text, exports', async () => {
    const page = await openPage(url, { permissions: ['clipboard-read', 'clipboard-write'] })
    await page.getByText('exact', { exact: true }).waitFor()
    await picture(page, 'welcome')
    expect(await findings(page)).toEqual([])
    await limit(page, 160)
    await send(page, PROMPT)
    await page.locator('.step').nth(3).waitFor()
    await picture(page, 'writing')
    await page.getByRole('button', { name: 'Retry' }).waitFor()
    expect(await page.locator('.answer-text .token.target').count()).toBeGreaterThan(0)
    expect(await page.locator('.answer-text .token.draft, .answer-text .token.phrase').count()).toBeGreaterThan(0)
    await page.locator('.answer-text .token.draft, .answer-text .token.phrase').filter({ hasText: /\w/ }).last().hover()
    await page
      .getByText(/^Step \d+/)
      .first()
      .waitFor()
    expect(await page.locator('.tree .node.accepted').count()).toBeGreaterThan(0)
    await picture(page, 'step')
    expect(await findings(page)).toEqual([])

    const text = await answer(page)
    await page.getByRole('button', { name: 'Copy' }).click()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(text)
    await page.getByRole('button', { name: 'Retry' }).click()
    await page.getByRole('button', { name: 'Stop' }).waitFor()
    await page.getByRole('button', { name: 'Retry' }).waitFor()
    expect(await answer(page)).toBe(text)
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export' }).click()
    const file = await (await download).path()
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ messages: [{ content: PROMPT }, { role: 'assistant', content: text }] })
  })

  it('stops, and goes on in the same conversation', async () => {
    const page = await openPage(url)
    await sendLong(page)
    await page.locator('.step').nth(5).waitFor()
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByText('Stopped.').waitFor()
    const stopped = await answer(page)
    expect(stopped.length).toBeGreaterThan(0)
    await limit(page, 24)
    await ask(page, 'Say hello.')
    expect(await page.locator('.turn').count()).toBe(2)
  })

  it('draws charts, in light and dark', async () => {
    const page = await openPage(url)
    await limit(page, 120)
    await ask(page, PROMPT)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      for (const panel of ['Step', 'Charts', 'Phrases', 'Settings']) {
        await page.getByRole('tab', { name: panel }).click()
        await page.waitForTimeout(300)
        await picture(page, `${panel.toLowerCase()}-${colorScheme}`)
        expect(await findings(page)).toEqual([])
      }
    }
    await page.getByRole('tab', { name: 'Charts' }).click()
    for (const name of ['Speed', 'Tokens per step', 'Phrases known'])
      await page.getByRole('img', { name: new RegExp(`^${name}`) }).waitFor()
  })

  it('races: the same text, byte for byte', async () => {
    const page = await openPage(url)
    await limit(page, 120)
    await page.getByRole('button', { name: 'Race', exact: true }).click()
    await page.getByLabel('Prompt of the race').fill(PROMPT)
    await page.getByRole('button', { name: 'Start' }).click()
    await page.getByText('Same text, byte for byte').waitFor({ timeout: 60_000 })
    const [plain, fast] = await page.locator('.lane .answer-text').allTextContents()
    expect(plain).toBe(fast)
    expect(plain?.length).toBeGreaterThan(100)
    await picture(page, 'race')
    expect(await findings(page)).toEqual([])
  })

  it('saves a trace and replays it', async () => {
    const page = await openPage(url)
    await limit(page, 60)
    await ask(page, PROMPT)
    const text = await answer(page)
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Save trace' }).click()
    const file = await (await download).path()
    await page.getByRole('button', { name: 'Replay', exact: true }).first().click()
    await page.locator('input[type=file]').setInputFiles({ name: 'trace.jsonl', mimeType: 'text/plain', buffer: readFileSync(file) })
    const slider = page.getByRole('slider', { name: 'Step' })
    await page.getByRole('button', { name: 'Forward one step' }).click()
    expect(await slider.inputValue()).toBe('2')
    await slider.fill(`${await slider.getAttribute('max')}`)
    expect(await answer(page)).toBe(text)
    await picture(page, 'replay')
    expect(await findings(page)).toEqual([])
  })

  it('works with the keyboard alone', async () => {
    const page = await openPage(url)
    await page.getByText('exact', { exact: true }).waitFor()
    const focused = () => page.evaluate(`document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent`)
    const tabTo = async (name: RegExp) => {
      for (let i = 0; i < 40; i++) {
        await page.keyboard.press('Tab')
        if (name.test(String(await focused()))) return
      }
      throw new Error(`Tab does not reach ${name}`)
    }
    await tabTo(/^Message$/)
    await page.keyboard.type('Say hello.')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Retry' }).waitFor()
    await page.keyboard.press('Shift+Tab')
    await tabTo(/^Step$/)
    for (const name of ['Charts', 'Phrases', 'Settings', 'Step']) {
      await page.keyboard.press('ArrowRight')
      expect(await page.getByRole('tab', { selected: true }).textContent()).toBe(name)
    }
    await page.reload()
    await page.getByText('exact', { exact: true }).waitFor()
    await ask(page, 'Say hello.')
    await page.locator('h1, .legend').first().click()
    await tabTo(/^Answer/)
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    expect(await page.locator('.step.chosen').getAttribute('data-step')).toBe('2')
    await picture(page, 'keyboard')
  })

  it('fits at 400 % and on narrow screens', async () => {
    const page = await openPage(url, { viewport: { width: 320, height: 256 } })
    await limit(page, 60)
    await ask(page, PROMPT)
    for (const view of ['Chat', 'Race', 'Replay']) {
      await page.getByRole('navigation').getByRole('button', { name: view, exact: true }).click()
      for (const panel of ['Step', 'Charts', 'Phrases', 'Settings']) {
        await page.getByRole('tab', { name: panel }).click()
        const wide = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
        expect(`${view} ${panel} ${wide}`).toBe(`${view} ${panel} 0`)
      }
    }
    await page.getByRole('navigation').getByRole('button', { name: 'Chat', exact: true }).click()
    await page.evaluate('scrollTo(0, 0)')
    await picture(page, 'zoom-400')
    expect(await findings(page)).toEqual([])
  })

  it('says so when the server dies in the middle of an answer, and goes on when it is back', async () => {
    const page = await openPage(url)
    await sendLong(page)
    await page.locator('.step').nth(3).waitFor()
    child.kill('SIGKILL')
    await page.getByText('The connection to the server broke.').waitFor()
    await page.getByText('The server does not answer.').waitFor()
    expect((await answer(page)).length).toBeGreaterThan(0)
    await picture(page, 'away')
    expect(await findings(page)).toEqual([])
    await start(Number(new URL(url).port))
    await page.getByText('The server does not answer.').waitFor({ state: 'hidden' })
    await limit(page, 24)
    await page.getByRole('button', { name: 'Retry' }).click()
    await page.getByText('cut at the limit').waitFor()
    troubles.length = 0 // the browser logs each attempt
  })
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const PROMPT = 'Write quicksort in Python. Answer with the code only.'

/** Runs the built command with no input; `interruptAfter` = text on stdout after which Ctrl-C is sent. */
async function ouroboros(args: readonly string[], interruptAfter?: RegExp) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr, sent] = ['', '', false]
  child.stdout.on('data', (chunk) => {
    stdout += chunk
    if (interruptAfter?.test(stdout) && !sent) {
      sent = true
      child.kill('SIGINT')
    }
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const [code] = await once(child, 'close')
  return { stdout, stderr, code }
}

describe('ouroboros run, on the default pair', () => {
  it('--json --compare: one object; both speeds; the acceptance that the models allow', async () => {
    const { stdout, code } = await ouroboros(['run', '--json', '--compare', '-n', '40', '--spec-type', 'speculative', PROMPT])
    expect(code).toBe(0)
    const answer = JSON.parse(stdout)
    expect(answer.text).toContain('def quicksort')
    expect(answer.timings.predicted_per_second).toBeGreaterThan(0)
    expect(answer.plain.predicted_per_second).toBeGreaterThan(0)
    expect(answer).toMatchObject({ exact: true, equal: true })
    const { tokens_by_origin: origins, steps, target_passes, draft_acceptance_rate } = answer.speculative
    expect(origins.target + origins.draft + origins.phrase).toBe(answer.usage.completion_tokens)
    expect(target_passes).toBe(steps)
    expect(draft_acceptance_rate).toBeGreaterThan(0.8) // a lower one is a cache bug
  })

  it('nothing set: drafted on measured costs, and the text is plain decoding’s', async () => {
    const { stdout, code } = await ouroboros(['run', '--json', '--compare', '-n', '40', PROMPT])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ exact: true, equal: true, speculative: { method: 'ouroboros' } })
  })

  it('ouroboros emits several tokens per target pass and tells where they came from', async () => {
    // Fixed thresholds: what is drafted on measured costs differs by machine and moment.
    const { stdout, code } = await ouroboros(['run', '--json', '--no-calibrate', '-n', '96', PROMPT])
    expect(code).toBe(0)
    const { speculative, finish_reason } = JSON.parse(stdout)
    expect(['length', 'stop']).toContain(finish_reason) // near-ties: some processors' kernels end the answer earlier
    expect(speculative.method).toBe('ouroboros')
    expect(speculative.mean_acceptance_length).toBeGreaterThan(4)
    expect(speculative.tokens_by_origin.draft).toBeGreaterThan(0)
  })

  it('a seed gives the same text twice, also at a temperature', async () => {
    const args = ['run', '--json', '-n', '24', '--temp', '0.8', '--seed', '7', '--no-draft', '--spec-type', 'vanilla', PROMPT]
    const texts = [await ouroboros(args), await ouroboros(args)].map(({ stdout }) => JSON.parse(stdout).text)
    expect(texts[0]).toBe(texts[1])
  })

  it('Ctrl-C ends the answer with what was written', async () => {
    const { stdout, code } = await ouroboros(['run', '-n', '400', '--stats', PROMPT], /def/)
    expect(code).toBe(130)
    expect(stdout).toContain('def')
  })

  it('bad input: one clear line, exit code 1 or 2', async () => {
    const missing = await ouroboros(['run', '-m', 'no-such-file.gguf', 'hi'])
    expect(missing).toMatchObject({ code: 1, stdout: '' })
    expect(missing.stderr).toMatch(/no-such-file\.gguf/)
    const flag = await ouroboros(['run', '--temp', '-1', 'hi'])
    expect(flag).toMatchObject({ code: 2, stdout: '' })
    expect(flag.stderr.trim().split('\n')).toHaveLength(1)
    const context = await ouroboros(['run', '-c', '16', 'word '.repeat(50)])
    expect(context.code).toBe(1)
    expect(context.stderr).toMatch(/context size of 16/)
  })
})

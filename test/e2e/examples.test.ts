import { expect, test } from 'vitest'
import { runExample } from '../run-example.ts'

const SMALL = 'smollm2-135m'

/** What each writes with the small model; `tools.ts` with the default pair, whose chat template knows tools. */
const WRITES: readonly [name: string, args: readonly string[], output: RegExp, until?: string][] = [
  ['complete', [], /\S/],
  ['chat', [], /> And when is a hash table better\?\n[\s\S]+\([1-9]\d* of \d+ prompt tokens were read before\)/],
  ['stream', [], /\S/],
  ['structured-output', [], /^.+ is \d+ and likes .+\n$/],
  ['several-at-once', [], /^trie: [\s\S]+\nheap: [\s\S]+\ngraph: [\s\S]+\nqueue: /],
  ['warm-history', [], /^first start: \d+ target passes .*\nsecond start: \d+ target passes/],
  ['compare-methods', [SMALL], /all texts are the same\n$/],
  ['abort', [], /^(abort|stop|length) \d+ characters\n$/],
  ['ai-sdk', [], /\S/],
  ['tools', [], /^called weather \{"city":".*"\}\n/],
  ['serve', ['0'], /^listening on http:\/\/127\.0\.0\.1:\d+/, 'Ctrl-C'],
]

test.each(WRITES)('examples/%s.ts', async (name, args, output, until) => {
  const { code, stdout, stderr } = await runExample(name, [SMALL, ...args], until)
  expect(code, stderr).toBe(0)
  expect(stdout).toMatch(output)
})

import { describe, expect, test } from 'vitest'
import { rewriteFlags } from '../../src/cli/flags/flags.ts'

function rewrite(line: string): { argv: string; warnings: string[] } {
  const warnings: string[] = []
  return { argv: rewriteFlags(line.split(' '), (warning) => warnings.push(warning)).join(' '), warnings }
}

describe('rewriteFlags', () => {
  test.each([
    ['run -md d.gguf -ngl 99 -ngld 0', 'run --spec-draft-model d.gguf --gpu-layers 99 --spec-draft-ngl 0'],
    ['run -md=d.gguf', 'run --spec-draft-model d.gguf'],
    ['run -np 4 -td 2 -ctk q8_0', 'run --parallel 4 --spec-draft-threads 2 --cache-type-k q8_0'],
    ['run -hf owner/repo/file.gguf', 'run --model hf:owner/repo/file.gguf'],
    ['run -hf', 'run --model'],
    ['run -fa', 'run --flash-attn=on'],
    ['run -fa off hello', 'run --flash-attn=off hello'],
    ['run -fa hello', 'run --flash-attn=on hello'],
    ['run --color hello', 'run --color=auto hello'],
    ['run --color never hello', 'run --color=never hello'],
    ['run --color=always', 'run --color=always'],
    ['run --temperature 1 --n-predict 5', 'run --temp 1 --predict 5'],
    ['run -m a -c 5 -n -1', 'run -m a -c 5 -n -1'],
    ['run -- -md -fa', 'run -- -md -fa'],
  ])('%s', (line, expected) => {
    expect(rewrite(line)).toEqual({ argv: expected, warnings: [] })
  })

  test.each([
    ['--draft 8', '--spec-draft-n-max 8', '--spec-draft-n-max'],
    ['--draft-max=8', '--spec-draft-n-max 8', '--spec-draft-n-max'],
    ['--spec-ngram-size-n 3 x', '--spec-ngram-simple-size-n 3 x', '--spec-ngram-simple-size-n'],
    ['--draft-min 1 x', 'x', 'ignored'],
  ])('%s warns', (line, expected, warning) => {
    const { argv, warnings } = rewrite(line)
    expect(argv).toBe(expected)
    expect(warnings).toEqual([expect.stringContaining(warning)])
  })
})

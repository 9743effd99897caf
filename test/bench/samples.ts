import type { Measured, Sample } from '../../src/bench/sample.ts'

/** A measurement that took one second for its tokens behind the first step. */
export function measured(change: Partial<Measured> = {}): Measured {
  const tokensPerSecond = change.tokensPerSecond ?? 10
  return {
    text: 'same',
    ids: [1, 2, 3],
    promptTokens: 20,
    tokens: tokensPerSecond + 1,
    decodedTokens: tokensPerSecond,
    decodedMs: 1000,
    tokensPerSecond,
    promptMs: 1000,
    engineMs: 1900,
    targetPasses: 6,
    draftPasses: 3,
    histogram: [0, 5, 3],
    widths: [{ target: 1, draft: [] }],
    joules: null,
    rssBytes: 1e9,
    ...change,
  }
}

/** A prompt's sample; `base` has 10 tokens per second unless said otherwise. */
export function sample(method: string, prompt: number, own: Partial<Measured> = {}, base: Partial<Measured> = {}): Sample {
  const plain = measured(base)
  return {
    target: 'big',
    task: 'gsm8k',
    method,
    prompt,
    repeat: 0,
    steady: true,
    measured: measured(own),
    base: { method: 'vanilla', measured: plain },
    vanilla: plain,
  }
}

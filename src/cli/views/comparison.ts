import type { Answer } from './answer.ts'

/** Plain decoding and a drafting method on the same prompt. */
export interface Comparison {
  plain: Answer
  drafted: Answer
  /** Tokens per second of each run of plain decoding: before the method, and after it unless interrupted. */
  plainSpeeds: readonly number[]
  /** Of all of them: tokens per second at their mean time per token. */
  plainSpeed: number
  /** Drafted ÷ plain, in tokens per second; `null` if plain decoding wrote nothing. */
  speedup: number | null
  equal: boolean
}

export function compareAnswers(plain: Answer, drafted: Answer, again?: Answer): Comparison {
  const plainSpeeds = [plain, ...(again ? [again] : [])].map((one) => one.result.timings.predictedPerSecond)
  const plainSpeed = plainSpeeds.length / plainSpeeds.reduce((sum, speed) => sum + 1 / speed, 0)
  return {
    plain,
    drafted,
    plainSpeeds,
    plainSpeed,
    speedup: plainSpeed > 0 ? drafted.result.timings.predictedPerSecond / plainSpeed : null,
    equal: plain.result.text === drafted.result.text,
  }
}

/** Where two different answers part. */
export interface Parting {
  /** Counted from 1. */
  token: number
  /** The text before it, and how each goes on; one line each, quoted. */
  before: string
  plain: string
  drafted: string
}

const SHOWN = 40

export function findParting(comparison: Comparison): Parting | undefined {
  if (comparison.equal) return undefined
  const [a, b] = [comparison.plain.result.text, comparison.drafted.result.text]
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  const { tokens } = comparison.plain
  const others = comparison.drafted.tokens
  let token = 0
  while (token < tokens.length && tokens[token]?.id === others[token]?.id) token++
  return {
    token: token + 1,
    before: quote(a.slice(Math.max(0, at - SHOWN), at)),
    plain: quote(a.slice(at, at + SHOWN)),
    drafted: quote(b.slice(at, at + SHOWN)),
  }
}

function quote(text: string): string {
  return text === '' ? '(end)' : JSON.stringify(text)
}

import type { GeneratedToken } from '../api/types.ts'
import type { ChatLogprobs, TextLogprobs } from './response-schemas.ts'

/** Smallest log-probability that JSON can carry. */
export const finite = (logprob: number) => Math.max(logprob, -9999)

/** Log-probabilities as chat completions have them; null where none were asked for. */
export function chatLogprobs(tokens: readonly GeneratedToken[]): ChatLogprobs {
  const content = tokens.flatMap(({ text, logprob, topLogprobs }) =>
    logprob === undefined
      ? []
      : [{ ...entry(text, logprob), top_logprobs: (topLogprobs ?? []).map((one) => entry(one.text, one.logprob)) }],
  )
  return content.length > 0 ? { content, refusal: null } : null
}

function entry(token: string, logprob: number) {
  return { token, logprob: finite(logprob), bytes: [...Buffer.from(token, 'utf8')] }
}

/** As text completions have them. `offset` = characters before the first token. */
export function textLogprobs(tokens: readonly GeneratedToken[], offset: number): TextLogprobs {
  const known = tokens.filter((token) => token.logprob !== undefined)
  if (known.length === 0) return null
  let at = offset
  return {
    tokens: known.map(({ text }) => text),
    token_logprobs: known.map(({ logprob }) => finite(logprob as number)),
    top_logprobs: known.map(({ topLogprobs }) => Object.fromEntries((topLogprobs ?? []).map((one) => [one.text, finite(one.logprob)]))),
    text_offset: known.map(({ text }) => {
      const start = at
      at += text.length
      return start
    }),
  }
}

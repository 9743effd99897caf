import { type CachedSequence, SINKS } from '../../cached-sequence.ts'
import { CONTROL } from '../../control/constants.ts'
import type { Token } from '../../token.ts'

/** A turn of fewer tokens ("and in French?") says little without the one before it; a chat template's marks behind the last turn are fewer too. */
const TURN = 32

/**
 * Where a draft model may begin to read a prompt, instead of reading everything: with the last turn, before which chats have an end token, or a
 * little earlier, so that it gets `recentTokens` at least. Undefined: that is not in the prompt's second half, and would save little.
 */
export function lastTurn(prompt: readonly Token[], endTokens: ReadonlySet<Token>): number | undefined {
  const half = Math.ceil(prompt.length / 2)
  let turn = prompt.length - TURN
  while (turn >= half && !endTokens.has(prompt[turn - 1] as Token)) turn--
  const start = Math.min(turn, prompt.length - CONTROL.recentTokens)
  return start >= half ? start : undefined
}

/** Whether what the cache leaves out may be left out of this prompt too: there is more to go on from than the first tokens. */
export function suits(draft: CachedSequence, prompt: readonly Token[]): boolean {
  return draft.start === 0 || (draft.common(prompt) > SINKS && prompt.length - draft.start >= CONTROL.recentTokens)
}

import type { Matcher, State } from '../../src/grammar/matcher.ts'

/** The state behind a text, if the grammar allows it so far. */
export function after(matcher: Matcher, text: string): State | undefined {
  let state: State | undefined = matcher.start
  for (const char of text) state = state && matcher.step(state, char.codePointAt(0) as number)
  return state
}

/** Whether this is a whole text of the grammar. */
export function reads(matcher: Matcher, text: string): boolean {
  return after(matcher, text)?.mayEnd === true
}

import { OuroborosError } from '../core/errors.ts'

/** Most characters that a token of real text has: a prompt beyond this cannot fit and need not be tokenized to know it. */
const TOKEN_CHARACTERS = 64

/** Throws E_CONTEXT for so many characters that the tokenizer, which others wait for, is not to see them. */
export function checkPromptLength(characters: number, contextLength: number): void {
  if (characters > contextLength * TOKEN_CHARACTERS)
    throw new OuroborosError(
      'E_CONTEXT',
      `the prompt has ${characters} characters, which exceeds the available context size of ${contextLength} tokens: shorten it`,
    )
}

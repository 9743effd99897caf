import { OuroborosError } from '../core/errors.ts'
import type { LlamaModel } from './model.ts'

/** Padding tokens at the end of a vocabulary may differ in number (llama.cpp's own tolerance). */
const SIZE_TOLERANCE = 128
/** The first tokens differ by convention in converted files. */
const FIRST_COMPARED = 5

/** Throws E_PAIR with the first difference if the draft model's tokens do not mean what the target's do. */
export function checkPair(target: LlamaModel, draft: LlamaModel): void {
  const [ours, theirs] = [target.vocabulary, draft.vocabulary]
  const refuse = (difference: string) => {
    throw new OuroborosError(
      'E_PAIR',
      `${draft.file} cannot draft for ${target.file}: ${difference}; the draft model needs the same vocabulary`,
    )
  }
  if (ours.type !== theirs.type) refuse(`vocabulary type ${theirs.type} instead of ${ours.type}`)
  if (Math.abs(ours.size - theirs.size) > SIZE_TOLERANCE) refuse(`${theirs.size} tokens instead of ${ours.size}`)
  if (ours.type === 0) return
  if (ours.addsBos !== theirs.addsBos || (ours.addsBos && ours.bos !== theirs.bos))
    refuse(`begin-of-text token ${theirs.bos} instead of ${ours.bos}`)
  for (let token = FIRST_COMPARED; token < Math.min(ours.size, theirs.size); token++) {
    const [a, b] = [ours.spelling(token), theirs.spelling(token)]
    if (a !== b) refuse(`token ${token} is ${JSON.stringify(b)} instead of ${JSON.stringify(a)}`)
  }
}

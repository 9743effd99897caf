import { type Gguf, readGguf } from './gguf.ts'
import { printable } from './gguf-value.ts'
import { facts, tokens } from './inspect.ts'

/** Whether one model can draft for another. */
export interface Pairing {
  paired: boolean
  /** Why not; empty if they can be paired. */
  reasons: string[]
  /** What differs but does no harm. */
  notes: string[]
}

/** Files of one model family may pad the vocabulary to different sizes (as llama.cpp allows). */
const PADDING = 128

/** Compares the files at two paths. Throws like `readGguf`. */
export function inspectPair(target: string, draft: string): Pairing {
  return pairing(readGguf(target), readGguf(draft))
}

/** A pair must agree on what every token id means. */
export function pairing(target: Gguf, draft: Gguf): Pairing {
  const [ours, theirs] = [facts(target).vocabulary, facts(draft).vocabulary]
  const reasons: string[] = []
  const notes: string[] = []

  if (ours.tokenizer !== theirs.tokenizer)
    reasons.push(`tokenizer: target ${ours.tokenizer ?? 'none'}, draft ${theirs.tokenizer ?? 'none'}`)
  const sizes = `vocabulary: target ${ours.size} tokens, draft ${theirs.size}`
  if (Math.abs(ours.size - theirs.size) > PADDING) reasons.push(sizes)
  else if (ours.size !== theirs.size) notes.push(`${sizes} (padding)`)
  for (const key of ['bos', 'eos'] as const) {
    if (ours[key] === theirs[key]) continue
    const difference = `${key} token: target ${ours[key] ?? 'none'}, draft ${theirs[key] ?? 'none'}`
    // A file that does not name the token does not use it.
    if (ours[key] === null || theirs[key] === null) notes.push(difference)
    else reasons.push(difference)
  }

  const [texts, draftTexts] = [tokens(target), tokens(draft)]
  const common = Math.min(texts.length, draftTexts.length)
  for (let id = 0; id < common; id++) {
    if (texts[id] === draftTexts[id]) continue
    reasons.push(`token ${id}: target ${printable(String(texts[id]))}, draft ${printable(String(draftTexts[id]))}`)
    break
  }
  return { paired: reasons.length === 0, reasons, notes }
}

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
/** The first tokens differ by convention in converted files. */
const FIRST_COMPARED = 5

/** Compares the files at two paths. Throws like `readGguf`. */
export function inspectPair(target: string, draft: string): Pairing {
  return pairing(readGguf(target), readGguf(draft))
}

/** A pair must agree on what every token id means; the rules are those by which the engine loads a pair. */
export function pairing(target: Gguf, draft: Gguf): Pairing {
  const [ours, theirs] = [facts(target).vocabulary, facts(draft).vocabulary]
  const reasons: string[] = []
  const notes: string[] = []
  const compare = (what: string, a: number | string | null, b: number | string | null, harmless = false): void => {
    if (a !== b) (harmless ? notes : reasons).push(`${what}: target ${a ?? 'none'}, draft ${b ?? 'none'}`)
  }

  compare('tokenizer', ours.tokenizer, theirs.tokenizer)
  compare('vocabulary size', ours.size, theirs.size, Math.abs(ours.size - theirs.size) <= PADDING)
  compare('token added at the beginning', ours.addsBos ? ours.bos : null, theirs.addsBos ? theirs.bos : null)
  compare('end token', ours.eos, theirs.eos, true)

  const [texts, draftTexts] = [tokens(target), tokens(draft)]
  const common = Math.min(texts.length, draftTexts.length)
  for (let id = FIRST_COMPARED; id < common; id++) {
    if (texts[id] === draftTexts[id]) continue
    compare(`token ${id}`, printable(String(texts[id])), printable(String(draftTexts[id])))
    break
  }
  return { paired: reasons.length === 0, reasons, notes }
}

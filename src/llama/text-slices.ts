/**
 * The native splitter of byte-pair vocabularies recurses once per character of a word, and a word is whatever has no white space: at
 * about 8000 characters some families' end the process (measured with threads' stacks of 4 MB). So many are given to it at most.
 */
const LONGEST_RUN = 1500
/** Marks in one text cost the native tokenizer their number squared. */
const MOST_MARKS = 1000

/** Words of a vocabulary that are found in texts before anything else, by their first character, the longest first. */
export type Marks = ReadonlyMap<string, readonly string[]>

export function asMarks(words: Iterable<string>): Marks {
  const found = new Map<string, string[]>()
  for (const word of [...words].sort((a, b) => b.length - a.length)) {
    const first = word.charAt(0)
    const alike = found.get(first)
    if (alike) alike.push(word)
    else if (first !== '') found.set(first, [word])
  }
  return found
}

/** A text in parts that the native tokenizer can take: most texts are one. They end before marks, or inside of very long words (`cutsWords`). */
export function textSlices(text: string, marksOf: () => Marks, cutsWords: boolean): string[] {
  if (text.length <= LONGEST_RUN) return [text]
  const marks = marksOf()
  const slices: string[] = []
  let from = 0
  let count = 0
  let run = 0
  let isSpace = false
  const cut = (at: number) => {
    slices.push(text.slice(from, at))
    from = at
    count = run = 0
  }
  const turn = (space: boolean) => {
    if (space !== isSpace) run = 0
    isSpace = space
  }
  for (let at = 0; at < text.length; ) {
    const character = text.charAt(at)
    const mark = marks.get(character)?.find((word) => text.startsWith(word, at))
    if (mark) {
      turn(mark.trim() === '')
      if (at > from && (count >= MOST_MARKS || (cutsWords && run + mark.length > LONGEST_RUN))) cut(at)
      count++
      run += mark.length
      at += mark.length
      continue
    }
    turn(/\s/.test(character))
    if (cutsWords && run >= LONGEST_RUN && !/[\udc00-\udfff]/.test(character)) cut(at)
    run++
    at++
  }
  slices.push(text.slice(from))
  return slices
}

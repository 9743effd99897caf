import { signal } from '@preact/signals'
import { Answer } from './answer.ts'
import { follow, messagesFor } from './conversation.ts'
import { inspect } from './inspection.ts'
import { method } from './settings.ts'

/** Plain decoding and the method on one prompt, one after the other: at once they would share the processor. */
export interface Race {
  plain: Answer
  fast: Answer
}

export interface Verdict {
  speedup: number
  isSame: boolean
  /** Where they part, in characters. */
  parting: number
}

export const race = signal<Race | undefined>(undefined)
let running: AbortController | undefined

export async function start(prompt: string): Promise<void> {
  stop()
  const controller = new AbortController()
  running = controller
  const plain = new Answer(prompt, 'vanilla')
  const fast = new Answer(prompt, method.value === 'vanilla' ? 'ouroboros' : method.value)
  race.value = { plain, fast }
  for (const answer of [plain, fast]) {
    inspect(answer)
    await follow(answer, messagesFor([], prompt), controller.signal)
    if (answer.state.value !== 'done') {
      if (answer === plain) fast.end('stopped')
      return
    }
  }
}

export function stop(): void {
  running?.abort()
}

/** What came out of it; undefined until both are done. */
export function verdict({ plain, fast }: Race): Verdict | undefined {
  if (plain.state.value !== 'done' || fast.state.value !== 'done') return undefined
  let parting = 0
  while (parting < plain.text.length && plain.text[parting] === fast.text[parting]) parting++
  return { speedup: plain.speed > 0 ? fast.speed / plain.speed : 0, isSame: plain.text === fast.text, parting }
}

import { createInterface } from 'node:readline/promises'
import type { Terminal } from './terminal.ts'

/** How a question to the user ended. */
export type Reply = { kind: 'text'; text: string } | { kind: 'interrupt' } | { kind: 'end' }

/** Lines that arrive within this many milliseconds were pasted together and are one message. */
const PASTE = 25

/** Asks for a message with line editing. `history` (newest first) is read and extended. Ctrl-C clears a started line first. */
export function ask(terminal: Terminal, prompt: string, history: string[]): Promise<Reply> {
  const reader = createInterface({
    input: terminal.stdin,
    output: terminal.stdout,
    terminal: Boolean(terminal.stdin.isTTY),
    history: [...history],
    prompt,
  })
  return new Promise((resolve) => {
    const lines: string[] = []
    let pause: NodeJS.Timeout | undefined
    const reply = (answer: Reply): void => {
      clearTimeout(pause)
      resolve(answer)
      reader.close()
    }
    const finish = (): void => {
      // A pasted last line without a line break is still being edited: wait for Enter.
      if (reader.line === '') reply({ kind: 'text', text: lines.join('\n') })
    }
    reader.on('line', (line) => {
      lines.push(line)
      clearTimeout(pause)
      pause = setTimeout(finish, PASTE)
    })
    reader.on('history', (entries) => history.splice(0, history.length, ...entries))
    reader.on('SIGINT', () => {
      if (reader.line === '' && lines.length === 0) return reply({ kind: 'interrupt' })
      lines.length = 0
      reader.write(null, { ctrl: true, name: 'e' })
      reader.write(null, { ctrl: true, name: 'u' })
    })
    reader.on('close', () => reply(lines.length > 0 ? { kind: 'text', text: lines.join('\n') } : { kind: 'end' }))
    reader.prompt()
  })
}

import { signal } from '@preact/signals'
import { Answer } from './answer.ts'
import { inspect, selected } from './inspection.ts'
import { chat, Failure, type Message } from './server.ts'
import { fields, method, system } from './settings.ts'

export const answers = signal<readonly Answer[]>([])
let running: AbortController | undefined

/** Asks for an answer to `prompt`, after all answers that are there. */
export async function send(prompt: string): Promise<void> {
  if (answers.value.at(-1)?.isRunning) return
  const before = answers.value
  const answer = new Answer(prompt, method.value)
  answers.value = [...before, answer]
  inspect(answer)
  running = new AbortController()
  await follow(answer, messagesFor(before, prompt), running.signal)
}

export function stop(): void {
  running?.abort()
}

/** Asks again for the last answer. */
export async function retry(): Promise<void> {
  const last = answers.value.at(-1)
  if (!last || last.isRunning) return
  answers.value = answers.value.slice(0, -1)
  await send(last.prompt)
}

export function clear(): void {
  stop()
  answers.value = []
  selected.value = undefined
}

/** Streams an answer to its end, however it ends. */
export async function follow(answer: Answer, messages: readonly Message[], signal: AbortSignal): Promise<void> {
  let end: Parameters<Answer['end']>[1] = {}
  try {
    for await (const { steps, finish, timings } of chat({ messages, ...fields(answer.method) }, signal)) {
      for (const step of steps) answer.push(step)
      end = { ...end, ...(finish && { finish }), ...(timings && { timings }) }
    }
    answer.end('done', end)
  } catch (error) {
    if (signal.aborted) answer.end('stopped')
    else answer.end('failed', { failure: error instanceof Failure ? error.message : `The page failed: ${error}` })
  }
}

export function messagesFor(before: readonly Answer[], prompt: string): Message[] {
  const instruction: Message[] = system.value.trim() ? [{ role: 'system', content: system.value }] : []
  const turns = before.flatMap((one): Message[] =>
    one.text
      ? [
          { role: 'user', content: one.prompt },
          { role: 'assistant', content: one.text },
        ]
      : [],
  )
  return [...instruction, ...turns, { role: 'user', content: prompt }]
}

import { batch, computed, effect, signal } from '@preact/signals'
import { Answer } from './answer.ts'
import { inspect, select } from './inspection.ts'
import { type Recording, readTrace } from './trace-lines.ts'
import { view } from './view.ts'

export const recording = signal<Recording | undefined>(undefined)
/** What has been replayed of it. */
export const replayed = signal<Answer | undefined>(undefined)
export const isPlaying = signal(false)
/** Steps per second. */
export const pace = signal(3)
export const trouble = signal('')
export const place = computed(() => {
  replayed.value?.version.value
  return replayed.value?.steps.length ?? 0
})

/** Opens a trace at its first step. */
export function open(text: string): void {
  try {
    recording.value = readTrace(text)
    trouble.value = ''
  } catch (error) {
    trouble.value = (error as Error).message
    return
  }
  isPlaying.value = false
  goTo(1)
}

/** Shows a trace from its beginning. */
export function play(text: string): void {
  batch(() => {
    open(text)
    view.value = 'replay'
    isPlaying.value = trouble.value === ''
  })
}

/** Shows the recording up to a step. */
export function goTo(step: number): void {
  const { start, steps, finish } = recording.value as Recording
  const to = Math.max(1, Math.min(step, steps.length))
  let answer = replayed.peek()
  if (!answer || answer.steps.length >= to || answer.prompt !== start.prompt) {
    answer = new Answer(start.prompt, start.method)
    replayed.value = answer
    inspect(answer)
  }
  for (const [i, body] of steps.slice(answer.steps.length, to).entries()) answer.push(body, (answer.steps.length + i) * 100)
  if (to === steps.length) answer.end('done', { finish })
  answer.version.value++
  answer.pulse.value++
  select(answer, to - 1, true)
}

effect(() => {
  if (view.value !== 'replay') isPlaying.value = false
  if (!isPlaying.value) return
  const timer = setInterval(() => {
    const last = recording.value?.steps.length ?? 0
    if (place.peek() >= last) isPlaying.value = false
    else goTo(place.peek() + 1)
  }, 1000 / pace.value)
  return () => clearInterval(timer)
})

import { signal } from '@preact/signals'
import type { Answer } from './answer.ts'

/** The step that is looked at; while an answer is being written and nothing is chosen, its newest one. */
export const selected = signal<{ answer: Answer; index: number } | undefined>(undefined)
/** The answer whose charts are shown. */
export const inspected = signal<Answer | undefined>(undefined)
/** A step that was clicked stays until another one is. */
export const isPinned = signal(false)

/** Shows an answer: its newest step. */
export function inspect(answer: Answer | undefined): void {
  inspected.value = answer
  selected.value = undefined
  isPinned.value = false
}

export function select(answer: Answer, index: number, pin = false): void {
  if (isPinned.value && !pin) return
  if (!answer.steps[index]) return
  isPinned.value = pin
  if (inspected.value !== answer) inspected.value = answer
  const now = selected.value
  if (now?.answer !== answer || now.index !== index) selected.value = { answer, index }
}

export function release(): void {
  isPinned.value = false
}

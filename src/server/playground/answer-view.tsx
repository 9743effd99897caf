import { effect } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { Answer } from './answer.ts'
import { release, select, selected } from './inspection.ts'
import type { Step } from './step.ts'

/**
 * An answer's text, each token marked by who wrote it. One stop of the Tab key; arrow keys walk through its steps. Steps only ever come
 * behind others, so their elements are appended by hand: nothing is compared, and nothing but the elements is held.
 */
export function AnswerText({ answer, label }: { answer: Answer; label: string }) {
  const box = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const element = box.current as HTMLDivElement
    element.replaceChildren()
    return effect(() => {
      answer.version.value
      for (const step of answer.steps.slice(element.childElementCount)) element.append(stepElement(step))
    })
  }, [answer])
  useLayoutEffect(() => {
    let marked: Element | undefined
    return effect(() => {
      const { value } = selected
      marked?.classList.remove('chosen')
      marked = value?.answer === answer ? box.current?.children[value.index] : undefined
      marked?.classList.add('chosen')
    })
  }, [answer])
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group of tokens is no set of form fields
    <div
      ref={box}
      class={answer.isRunning ? 'answer-text running' : 'answer-text'}
      role="group"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: its steps are looked at with the arrow keys
      tabIndex={0}
      aria-label={`${label}. Arrow keys walk through its steps.`}
      onPointerOver={(event) => at(event, (index) => select(answer, index))}
      onClick={(event) => at(event, (index) => select(answer, index, true))}
      onFocus={() => selected.value?.answer !== answer && select(answer, 0)}
      onKeyDown={(event) => walk(event, answer, box.current)}
    />
  )
}

/** A step's tokens; whatever they say is text. */
function stepElement(step: Step): HTMLElement {
  const element = document.createElement('span')
  element.className = 'step'
  element.dataset['step'] = `${step.number - 1}`
  for (const { origin, text } of step.pieces) {
    const token = document.createElement('span')
    token.className = `token ${origin}`
    token.textContent = text
    element.append(token)
  }
  return element
}

function at(event: Event, use: (index: number) => void): void {
  const step = (event.target as Element).closest('[data-step]')?.getAttribute('data-step')
  if (step) use(Number(step))
}

const MOVES: Readonly<Record<string, (index: number, last: number) => number>> = {
  ArrowRight: (index, last) => Math.min(index + 1, last),
  ArrowLeft: (index) => Math.max(index - 1, 0),
  Home: () => 0,
  End: (_, last) => last,
}

function walk(event: KeyboardEvent, answer: Answer, box: HTMLElement | null): void {
  if (event.key === 'Escape') release()
  const move = MOVES[event.key]
  if (!move || answer.steps.length === 0) return
  event.preventDefault()
  const now = selected.value?.answer === answer ? selected.value.index : -1
  const index = move(now, answer.steps.length - 1)
  select(answer, index, true)
  box?.querySelector(`[data-step="${index}"]`)?.scrollIntoView({ block: 'nearest' })
}

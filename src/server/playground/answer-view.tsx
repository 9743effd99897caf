import { useComputed } from '@preact/signals'
import { Component } from 'preact'
import { useRef } from 'preact/hooks'
import type { Answer, Step } from './answer.ts'
import { release, select, selected } from './inspection.ts'

/** Steps drawn together: while an answer grows only its last block is drawn again. */
const BLOCK = 32

/** An answer's text, each token marked by who wrote it. One stop of the Tab key; arrow keys walk through its steps. */
export function AnswerText({ answer, label }: { answer: Answer; label: string }) {
  answer.version.value
  const box = useRef<HTMLDivElement>(null)
  const count = Math.ceil(answer.steps.length / BLOCK)
  const blocks = Array.from({ length: count }, (_, block) => (
    <Block key={block} answer={answer} from={block * BLOCK} to={Math.min(answer.steps.length, (block + 1) * BLOCK)} />
  ))
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group of tokens is no set of form fields
    <div
      ref={box}
      class="answer-text"
      role="group"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: its steps are looked at with the arrow keys
      tabIndex={0}
      aria-label={`${label}. Arrow keys walk through its steps.`}
      onPointerOver={(event) => at(event, (index) => select(answer, index))}
      onClick={(event) => at(event, (index) => select(answer, index, true))}
      onFocus={() => selected.value?.answer !== answer && select(answer, 0)}
      onKeyDown={(event) => walk(event, answer, box.current)}
    >
      {blocks}
      {answer.isRunning && <span class="caret" aria-hidden="true" />}
    </div>
  )
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

interface BlockProps {
  answer: Answer
  from: number
  to: number
}

/** Some steps in a row; drawn again only when it grows or the step that is looked at enters or leaves it. */
class Block extends Component<BlockProps> {
  override shouldComponentUpdate(next: BlockProps): boolean {
    return next.answer !== this.props.answer || next.to !== this.props.to
  }

  override render({ answer, from, to }: BlockProps) {
    return <Steps answer={answer} from={from} to={to} />
  }
}

function Steps({ answer, from, to }: BlockProps) {
  const chosen = useComputed(() => {
    const { value } = selected
    return value?.answer === answer && value.index >= from && value.index < from + BLOCK ? value.index : -1
  })
  return (
    <span class="block">
      {answer.steps.slice(from, to).map((step, i) => (
        <StepText key={step.number} step={step} index={from + i} isChosen={chosen.value === from + i} />
      ))}
    </span>
  )
}

function StepText({ step, index, isChosen }: { step: Step; index: number; isChosen: boolean }) {
  return (
    <span class={isChosen ? 'step chosen' : 'step'} data-step={index}>
      {step.pieces.map(({ origin, text }, i) => (
        <span key={i} class={`token ${origin}`}>
          {text}
        </span>
      ))}
    </span>
  )
}

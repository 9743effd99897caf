import type { Answer } from './answer.ts'

const SAID = { waiting: 'Reading the prompt…', writing: 'Writing…', done: 'Done.', stopped: 'Stopped.', failed: '' }

/** How an answer is doing; its state is read out, its numbers are not. */
export function Status({ answer }: { answer: Answer }) {
  answer.pulse.value
  const state = answer.state.value
  return (
    <div class="status">
      <span role="status" class={state === 'done' || state === 'failed' ? 'sr' : ''}>
        {SAID[state]}
      </span>
      {state === 'failed' && (
        <span role="alert" class="failure">
          {answer.failure}
        </span>
      )}
      {answer.tokens > 0 && (
        <span class="numbers">
          <b>{answer.speed.toFixed(1)}</b> tokens/s <b>{answer.tokens}</b> tokens <b>{answer.acceptance.toFixed(2)}</b> per step
          {answer.finish === 'length' && ' · cut at the limit'}
        </span>
      )}
    </div>
  )
}

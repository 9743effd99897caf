import type { Answer } from './answer.ts'
import { AnswerText } from './answer-view.tsx'
import { Legend } from './legend.tsx'
import { PromptForm } from './prompt-form.tsx'
import { type Race, race, start, stop, verdict } from './race.ts'
import { props } from './server.ts'
import { Status } from './status.tsx'

const PROMPT = 'Write a Python function that merges two sorted lists, then the same function for linked lists.'

export function RaceView() {
  const now = race.value
  const isRunning = Boolean(now && (now.plain.isRunning || now.fast.isRunning))
  return (
    <section class="view wide" aria-label="Race">
      <h1>Race</h1>
      <p class="lead">
        Plain decoding, then the method, on the same prompt. They run one after the other, because at once they would share the processor.
        The clock starts with the first token.
      </p>
      <PromptForm label="Prompt of the race" button="Start" isRunning={isRunning} onSend={start} onStop={stop} start={PROMPT} />
      {now && (
        <>
          <Outcome race={now} />
          <Legend />
          <div class="lanes">
            <Lane name="Plain decoding" answer={now.plain} isNext={false} />
            <Lane name={now.fast.method === 'ouroboros' ? 'Ouroboros' : now.fast.method} answer={now.fast} isNext={now.plain.isRunning} />
          </div>
        </>
      )}
    </section>
  )
}

function Lane({ name, answer, isNext }: { name: string; answer: Answer; isNext: boolean }) {
  answer.pulse.value
  return (
    <article class="lane" aria-label={name}>
      <header>
        <h2>{name}</h2>
        <p class="speed">
          <b>{answer.speed.toFixed(1)}</b> tokens/s
        </p>
      </header>
      <AnswerText answer={answer} label={name} />
      {isNext ? <div class="status">Waits for its turn.</div> : <Status answer={answer} />}
    </article>
  )
}

/** The speed-up, and whether the texts are the same. */
function Outcome({ race: { plain, fast } }: { race: Race }) {
  const result = verdict({ plain, fast })
  return (
    <div class="outcome" role="status">
      {result && (
        <>
          <p class="factor">
            <b>{result.speedup.toFixed(2)}×</b> {result.speedup >= 1 ? 'as fast as plain decoding' : 'as fast: the method did not pay here'}
          </p>
          {result.isSame ? (
            <p class="same">✓ Same text, byte for byte</p>
          ) : (
            <p class="different">
              ✗ The texts part after {result.parting} characters.{' '}
              {props.value?.exact === false &&
                'This server is not exact here: passes of another width round differently, which decides near-ties otherwise.'}
            </p>
          )}
        </>
      )}
    </div>
  )
}

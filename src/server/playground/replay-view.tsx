import { AnswerText } from './answer-view.tsx'
import example from './example.jsonl'
import { Legend } from './legend.tsx'
import { goTo, isPlaying, open, pace, place, play, recording, replayed, trouble } from './replay.ts'

export function ReplayView() {
  const now = recording.value
  return (
    <section class="view" aria-label="Replay">
      <h1>Replay</h1>
      <p class="lead">
        A recorded answer, step by step; no model is needed. Record one with <code>ouroboros run --trace FILE</code>, or save an answer's
        trace in the chat.
      </p>
      <div class="actions">
        <label class="file">
          Open a trace
          <input
            type="file"
            accept=".jsonl,.json,.ndjson,.txt"
            onChange={async (event) => {
              const file = event.currentTarget.files?.[0]
              if (file) open(await file.text())
            }}
          />
        </label>
        <button type="button" class="quiet" onClick={() => play(example)}>
          Play the example
        </button>
      </div>
      {trouble.value && (
        <p role="alert" class="failure">
          {trouble.value}
        </p>
      )}
      {now && replayed.value && (
        <>
          <Controls last={now.steps.length} />
          <p class="dim names">
            {now.start.method}: {now.start.target}
            {now.start.draft && ` with drafts by ${now.start.draft}`}
          </p>
          <Legend />
          <p class="prompt">{now.start.prompt}</p>
          <AnswerText answer={replayed.value} label="Replayed answer" />
        </>
      )}
    </section>
  )
}

function Controls({ last }: { last: number }) {
  const at = place.value
  const go = (step: number) => {
    isPlaying.value = false
    goTo(step)
  }
  return (
    <div class="controls">
      <button type="button" class="icon" aria-label="Back one step" disabled={at <= 1} onClick={() => go(at - 1)}>
        ←
      </button>
      <button
        type="button"
        class="main"
        onClick={() => {
          if (!isPlaying.value && at >= last) goTo(1)
          isPlaying.value = !isPlaying.value
        }}
      >
        {isPlaying.value ? 'Pause' : 'Play'}
      </button>
      <button type="button" class="icon" aria-label="Forward one step" disabled={at >= last} onClick={() => go(at + 1)}>
        →
      </button>
      <input type="range" min={1} max={last} value={at} aria-label="Step" onInput={(event) => go(Number(event.currentTarget.value))} />
      <span class="dim count">
        {at} / {last}
      </span>
      <label class="pace">
        Pace
        <select value={pace.value} onChange={(event) => (pace.value = Number(event.currentTarget.value))}>
          {[1, 3, 8, 20].map((steps) => (
            <option key={steps} value={steps}>
              {steps}/s
            </option>
          ))}
        </select>
      </label>
    </div>
  )
}

import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Answer } from './answer.ts'
import { AnswerText } from './answer-view.tsx'
import { answers, clear, retry, send, stop } from './conversation.ts'
import { download } from './download.ts'
import { Legend } from './legend.tsx'
import { PromptForm } from './prompt-form.tsx'
import { play } from './replay.ts'
import { props } from './server.ts'
import { Status } from './status.tsx'
import { writeTrace } from './trace-lines.ts'

const IDEAS = [
  'Write a Python function that merges two sorted lists.',
  'Explain how a bicycle stays upright.',
  'List the planets as JSON with their radius in km.',
]

export function ChatView() {
  const all = answers.value
  const isRunning = Boolean(all.at(-1)?.isRunning)
  const end = useRef<HTMLDivElement>(null)
  useFollow(all.at(-1), end)
  return (
    <section class="view" aria-label="Chat">
      {all.length === 0 ? <Welcome /> : <Legend />}
      <ol class="turns" aria-label="Conversation">
        {all.map((answer, i) => (
          <Turn key={i} answer={answer} isLast={i === all.length - 1} />
        ))}
      </ol>
      <div ref={end} />
      <div class="composer">
        <PromptForm label="Message" button="Send" isRunning={isRunning} onSend={send} onStop={stop}>
          {all.length > 0 && (
            <>
              <button type="button" class="quiet" onClick={exportConversation}>
                Export
              </button>
              <button type="button" class="quiet" onClick={clear}>
                New chat
              </button>
            </>
          )}
        </PromptForm>
      </div>
    </section>
  )
}

/** Keeps the end of a growing answer in sight, unless the user has scrolled away from it. */
function useFollow(answer: Answer | undefined, end: { current: HTMLDivElement | null }): void {
  useEffect(() => {
    if (!answer) return
    return answer.version.subscribe(() => {
      const page = document.scrollingElement as Element
      const isNear = page.scrollHeight - page.scrollTop - page.clientHeight < 160
      if (isNear && answer.isRunning) end.current?.scrollIntoView({ block: 'end' })
    })
  }, [answer])
}

function Welcome() {
  return (
    <div class="welcome">
      <h1>See it work</h1>
      <p>
        A small model writes ahead, phrase by phrase. The large model checks all of it in one pass and keeps what it would have written
        itself. The text is the same; it only comes sooner.
      </p>
      <Legend />
      <ul class="ideas" aria-label="Ideas">
        {IDEAS.map((idea) => (
          <li key={idea}>
            <button type="button" onClick={() => send(idea)}>
              {idea}
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}

function Turn({ answer, isLast }: { answer: Answer; isLast: boolean }) {
  return (
    <li class="turn">
      <p class="prompt">
        <span class="sr">You: </span>
        {answer.prompt}
      </p>
      <AnswerText answer={answer} label="Answer" />
      <Status answer={answer} />
      {!answer.isRunning && <Tools answer={answer} isLast={isLast} />}
    </li>
  )
}

function Tools({ answer, isLast }: { answer: Answer; isLast: boolean }) {
  const copied = useSignal(false)
  const copy = async () => {
    await navigator.clipboard.writeText(answer.text)
    copied.value = true
    setTimeout(() => {
      copied.value = false
    }, 1500)
  }
  return (
    <div class="tools">
      {answer.text !== '' && (
        <>
          <button type="button" class="quiet" onClick={copy}>
            {copied.value ? 'Copied' : 'Copy'}
          </button>
          <button type="button" class="quiet" onClick={() => exportTrace(answer)}>
            Save trace
          </button>
          <button type="button" class="quiet" onClick={() => play(traceOf(answer))}>
            Replay
          </button>
        </>
      )}
      {isLast && (
        <button type="button" class="quiet" onClick={retry}>
          Retry
        </button>
      )}
    </div>
  )
}

function traceOf(answer: Answer): string {
  const { model_path: target = '', draft } = props.value ?? {}
  return writeTrace(
    { target, draft: draft?.description ?? null, method: answer.method, prompt: answer.prompt },
    answer.steps,
    answer.finish,
  )
}

function exportTrace(answer: Answer): void {
  download('ouroboros-trace.jsonl', traceOf(answer), 'application/jsonl')
}

function exportConversation(): void {
  const messages = answers.value.flatMap(({ prompt, text }) => [
    { role: 'user', content: prompt },
    { role: 'assistant', content: text },
  ])
  download('ouroboros-chat.json', `${JSON.stringify({ model: props.value?.model_alias, messages }, null, 2)}\n`)
}

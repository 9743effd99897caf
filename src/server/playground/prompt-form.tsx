import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useRef } from 'preact/hooks'
import { isThere } from './server.ts'

interface PromptFormProps {
  label: string
  button: string
  isRunning: boolean
  onSend: (prompt: string) => void
  onStop: () => void
  start?: string
  children?: ComponentChildren
}

/** Where a prompt is written. Enter sends it, Shift and Enter begin a line. */
export function PromptForm({ label, button, isRunning, onSend, onStop, start = '', children }: PromptFormProps) {
  const text = useSignal(start)
  const box = useRef<HTMLTextAreaElement>(null)
  const submit = () => {
    const prompt = text.value.trim()
    if (prompt === '' || isRunning) return
    onSend(prompt)
    text.value = start
    box.current?.focus()
  }
  return (
    <form
      class="prompt-form"
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <textarea
        ref={box}
        rows={Math.min(8, text.value.split('\n').length)}
        aria-label={label}
        placeholder={isThere.value === false ? 'No server: load a trace under Replay' : label}
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
          event.preventDefault()
          submit()
        }}
      />
      <div class="actions">
        {children}
        <span class="space" />
        {isRunning ? (
          <button type="button" class="main" onClick={onStop}>
            Stop
          </button>
        ) : (
          <button type="submit" class="main" disabled={text.value.trim() === ''}>
            {button}
          </button>
        )}
      </div>
    </form>
  )
}

import { useComputed, useSignal } from '@preact/signals'
import type { Answer } from './answer.ts'
import { answers } from './conversation.ts'
import { inspected } from './inspection.ts'
import { visible } from './tree-layout.ts'

/** Most rows shown. */
const ROWS = 100

interface Row {
  key: string
  phrase: string
  source: string
  /** Steps in which it was learned or confirmed. */
  times: number
}

/** The phrases that this conversation taught. */
export function PhrasesPanel() {
  const wanted = useSignal('')
  const shown = inspected.value
  shown?.state.value
  const rows = useComputed(() => phrasesOf(answers.value.length > 0 ? answers.value : shown ? [shown] : []))
  const found = rows.value.filter(({ key, phrase }) => (key + phrase).toLowerCase().includes(wanted.value.toLowerCase()))
  return (
    <div class="phrases">
      <p class="hint">A phrase is a few tokens that once followed a key. When the key comes again, the phrase is proposed at no cost.</p>
      <input
        type="search"
        placeholder="Search"
        aria-label="Search phrases"
        value={wanted.value}
        onInput={(event) => (wanted.value = event.currentTarget.value)}
      />
      <table>
        <thead>
          <tr>
            <th>key → phrase</th>
            <th>learned from</th>
            <th>times</th>
          </tr>
        </thead>
        <tbody>
          {found.slice(0, ROWS).map(({ key, phrase, source, times }) => (
            <tr key={`${key}\n${phrase}`}>
              <td>
                <code>{visible(key)}</code> <span class="dim">→</span> <code class="phrase">{visible(phrase, 48)}</code>
              </td>
              <td class="dim">{source}</td>
              <td>{times}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="hint">
        {found.length.toLocaleString('en')} phrases in the steps that are kept{found.length > ROWS && `, the first ${ROWS} are shown`}.
      </p>
    </div>
  )
}

function phrasesOf(all: readonly Answer[]): Row[] {
  const rows = new Map<string, Row>()
  for (const answer of all) {
    for (const { trace } of answer.steps) {
      for (const { key, phrase, source } of trace?.learned ?? []) {
        const id = `${key}\n${phrase}`
        const row = rows.get(id)
        if (row) row.times++
        else rows.set(id, { key, phrase, source, times: 1 })
      }
    }
  }
  return [...rows.values()].sort((a, b) => b.times - a.times)
}

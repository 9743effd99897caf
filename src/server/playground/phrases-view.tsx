import { useComputed, useSignal } from '@preact/signals'
import { answers } from './conversation.ts'
import { inspected } from './inspection.ts'
import { isThere, request } from './server.ts'
import { visible } from './tree-layout.ts'
import { byLongestKey, type TriedPhrase, triedPhrases } from './tried-phrases.ts'

/** Most rows shown. */
const ROWS = 60

/** The phrases of this conversation: those that were proposed, by what they saved, and those that were learned. */
export function PhrasesPanel() {
  const wanted = useSignal('')
  inspected.value?.pulse.value
  const traces = useComputed(() => {
    const shown = inspected.value
    shown?.pulse.value
    const all = shown && !answers.value.includes(shown) ? [shown] : answers.value
    return all.flatMap(({ steps }) => steps.flatMap(({ trace }) => trace ?? []))
  })
  const fits = (text: string) => text.toLowerCase().includes(wanted.value.toLowerCase())
  const tried = triedPhrases(traces.value).filter(({ text }) => fits(text))
  const learned = traces.value.flatMap((trace) => byLongestKey(trace.learned)).filter(({ key, phrase }) => fits(key + phrase))
  return (
    <div class="phrases">
      <p class="hint">
        A phrase is a few tokens that once followed a key. When the key comes again, the phrase is proposed at next to no cost.
      </p>
      <input
        type="search"
        placeholder="Search"
        aria-label="Search phrases"
        value={wanted.value}
        onInput={(event) => {
          wanted.value = event.currentTarget.value
        }}
      />
      <Tried rows={tried} />
      <h4>Learned, newest first</h4>
      <ul class="learned">
        {learned
          .slice(-ROWS)
          .reverse()
          .map(({ key, phrase, source }, i) => (
            <li key={i}>
              <code>{visible(key)}</code> <span class="dim">→</span> <code class="phrase">{visible(phrase, 48)}</code>{' '}
              <span class="dim">{source}</span>
            </li>
          ))}
      </ul>
      <p class="hint">{learned.length.toLocaleString('en')} in the steps that are kept.</p>
      <Forget />
    </div>
  )
}

function Tried({ rows }: { rows: readonly TriedPhrase[] }) {
  return (
    <table>
      <caption>
        <h4>Proposed, the most useful first</h4>
      </caption>
      <thead>
        <tr>
          <th scope="col">phrase</th>
          <th scope="col" class="number">
            tried
          </th>
          <th scope="col" class="number">
            accepted
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.slice(0, ROWS).map(({ text, tries, proposed, accepted }) => (
          <tr key={text}>
            <td>
              <code class="phrase">{visible(text, 48)}</code>
            </td>
            <td class="number">{tries}×</td>
            <td class="number">
              {accepted} <span class="dim">of {proposed}</span>
            </td>
          </tr>
        ))}
        {rows.length === 0 && (
          <tr>
            <td colSpan={3} class="dim">
              None yet.
            </td>
          </tr>
        )}
      </tbody>
    </table>
  )
}

/** Empties the server's pool, if the user means it. */
function Forget() {
  const state = useSignal<'idle' | 'asked' | string>('idle')
  if (!isThere.value) return null
  const forget = async () => {
    try {
      await request('/phrases', { method: 'DELETE' })
      state.value = 'The server has forgotten what it learned.'
    } catch (error) {
      state.value = (error as Error).message
    }
  }
  return (
    <div class="actions">
      {state.value === 'asked' ? (
        <>
          <button type="button" onClick={forget}>
            Forget them for all users
          </button>
          <button type="button" class="quiet" onClick={() => (state.value = 'idle')}>
            Keep them
          </button>
        </>
      ) : (
        <button type="button" onClick={() => (state.value = 'asked')}>
          Forget all phrases
        </button>
      )}
      <span class="hint" role="status">
        {state.value === 'idle' || state.value === 'asked' ? '' : state.value}
      </span>
    </div>
  )
}

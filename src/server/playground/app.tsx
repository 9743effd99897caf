import type { ComponentType } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { ChartsPanel } from './charts-view.tsx'
import { ChatView } from './chat-view.tsx'
import { answers } from './conversation.ts'
import { inspect } from './inspection.ts'
import { PhrasesPanel } from './phrases-view.tsx'
import { race } from './race.ts'
import { RaceView } from './race-view.tsx'
import { replayed } from './replay.ts'
import { ReplayView } from './replay-view.tsx'
import { connect, isThere, needsKey, props, useKey } from './server.ts'
import { nextTheme, readOffer, theme } from './settings.ts'
import { SettingsPanel } from './settings-view.tsx'
import { StepPanel } from './step-view.tsx'
import { PANELS, panel, VIEWS, type View, view } from './view.ts'

const SHOWN: Record<(typeof VIEWS)[number], { name: string; Content: ComponentType }> = {
  chat: { name: 'Chat', Content: ChatView },
  race: { name: 'Race', Content: RaceView },
  replay: { name: 'Replay', Content: ReplayView },
}
const BESIDE: Record<(typeof PANELS)[number], { name: string; Content: ComponentType }> = {
  step: { name: 'Step', Content: StepPanel },
  charts: { name: 'Charts', Content: ChartsPanel },
  phrases: { name: 'Phrases', Content: PhrasesPanel },
  settings: { name: 'Settings', Content: SettingsPanel },
}
/** Each view's newest answer: what is beside it. */
const ANSWERS = { chat: () => answers.value.at(-1), race: () => race.value?.fast, replay: () => replayed.value }
/** How often a server that is away is looked for. */
const AGAIN_MS = 2000

export function App() {
  useEffect(() => {
    void enter()
  }, [])
  const { Content } = SHOWN[view.value]
  const { Content: Beside } = BESIDE[panel.value]
  return (
    <>
      <header class="top">
        <strong class="name">
          <span class="ring" aria-hidden="true" /> Ouroboros
        </strong>
        <nav aria-label="Views">
          {VIEWS.map((name) => (
            <button type="button" key={name} aria-current={view.value === name ? 'page' : undefined} onClick={() => show(name)}>
              {SHOWN[name].name}
            </button>
          ))}
        </nav>
        <Model />
        <button
          type="button"
          class="quiet"
          onClick={() => (theme.value = nextTheme.value)}
          aria-label={`Colors: ${theme.value}; change to ${nextTheme.value}`}
        >
          {theme.value === 'dark' ? '☾' : theme.value === 'light' ? '☀' : '◐'}
        </button>
      </header>
      <Away />
      <div class="page">
        <main>
          <Content />
        </main>
        <aside aria-label="Details">
          <div class="tabs" role="tablist" aria-label="Details" onKeyDown={(event) => moveTab(event)}>
            {PANELS.map((name) => (
              <button
                type="button"
                key={name}
                id={`tab-${name}`}
                role="tab"
                aria-selected={panel.value === name}
                aria-controls="panel"
                tabIndex={panel.value === name ? 0 : -1}
                onClick={() => (panel.value = name)}
              >
                {BESIDE[name].name}
              </button>
            ))}
          </div>
          <div id="panel" role="tabpanel" aria-labelledby={`tab-${panel.value}`}>
            <Beside />
          </div>
        </aside>
      </div>
      <KeyDialog />
    </>
  )
}

function show(name: View): void {
  view.value = name
  inspect(ANSWERS[name]())
}

async function enter(): Promise<void> {
  if (location.protocol === 'file:') return
  void readOffer()
  await connect()
}

function moveTab(event: KeyboardEvent): void {
  const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
  if (by === 0) return
  event.preventDefault()
  const name = PANELS[(PANELS.indexOf(panel.value) + by + PANELS.length) % PANELS.length] as (typeof PANELS)[number]
  panel.value = name
  document.getElementById(`tab-${name}`)?.focus()
}

/** What is served, and whether its texts are plain decoding's. */
function Model() {
  const { value } = props
  if (!value) return <span class="space" />
  const title = `${value.target.description}${value.draft ? `, drafts by ${value.draft.description}` : ', no draft model'}; ${value.library}`
  return (
    <p class="model" title={title}>
      <b>{value.model_alias}</b>
      <span class={value.exact ? 'tag good' : 'tag'}>{value.exact ? 'exact' : 'not exact'}</span>
    </p>
  )
}

/** Says that the server is away, and looks for it. */
function Away() {
  const isAway = isThere.value === false && location.protocol !== 'file:'
  useEffect(() => {
    if (!isAway) return
    const timer = setInterval(() => void connect(), AGAIN_MS)
    return () => clearInterval(timer)
  }, [isAway])
  if (!isAway) return null
  return (
    <p class="banner" role="alert">
      The server does not answer. Is <code>ouroboros serve</code> still running? This page looks for it and goes on when it is back.
    </p>
  )
}

/** Asks for the API key; it is kept for this tab only. */
function KeyDialog() {
  const dialog = useRef<HTMLDialogElement>(null)
  const isNeeded = needsKey.value
  useEffect(() => {
    if (isNeeded) dialog.current?.showModal()
    else dialog.current?.close()
  }, [isNeeded])
  return (
    <dialog ref={dialog} aria-labelledby="key-title" onCancel={(event) => event.preventDefault()}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          const key = new FormData(event.currentTarget).get('key')
          event.currentTarget.reset()
          useKey(String(key))
          void connect()
        }}
      >
        <h2 id="key-title">API key</h2>
        <p>This server wants a key. It is kept until this tab is closed and sent to this server only.</p>
        {isNeeded === 'another' && (
          <p role="alert" class="failure">
            The last key does not fit.
          </p>
        )}
        <input name="key" type="password" autocomplete="off" required aria-label="API key" />
        <button type="submit" class="main">
          Go on
        </button>
      </form>
    </dialog>
  )
}

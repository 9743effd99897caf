import type { StepTrace } from '../../api/types.ts'
import type { Answer } from './answer.ts'
import { inspected, isPinned, select, selected } from './inspection.ts'
import type { Step } from './step.ts'
import { BOX, EDGE, layOut, visible } from './tree-layout.ts'
import { byLongestKey } from './tried-phrases.ts'

/** Phrases shown per step. */
const MOST_LEARNED = 8

/** The step that is looked at: its tree, what the target picked, what was learned. */
export function StepPanel() {
  const answer = inspected.value
  if (!answer) return <p class="hint">Ask something: each step of the answer can be looked at here.</p>
  answer.pulse.value
  const index = selected.value?.answer === answer ? selected.value.index : answer.steps.length - 1
  const step = answer.steps[index]
  if (!step) return <p class="hint">Waiting for the first step.</p>
  return (
    <div class="step-panel">
      <Walk answer={answer} index={index} />
      <p class="sr" aria-live={selected.value ? 'polite' : 'off'}>
        {inWords(step)}
      </p>
      <StepDetails step={step} />
    </div>
  )
}

function Walk({ answer, index }: { answer: Answer; index: number }) {
  return (
    <div class="walk">
      <button type="button" class="icon" disabled={index === 0} aria-label="Step before" onClick={() => select(answer, index - 1, true)}>
        ←
      </button>
      <h3>
        Step {index + 1} <span class="dim">of {answer.steps.length}</span>
      </h3>
      {isPinned.value && <span class="tag">held</span>}
      <button
        type="button"
        class="icon"
        disabled={index >= answer.steps.length - 1}
        aria-label="Step after"
        onClick={() => select(answer, index + 1, true)}
      >
        →
      </button>
    </div>
  )
}

/** One step. */
export function StepDetails({ step }: { step: Step }) {
  const { trace } = step
  if (!trace)
    return <p class="hint">{step.width ? 'The details of early steps of long conversations are not kept.' : 'Nothing was drafted here.'}</p>
  return (
    <>
      <dl class="facts">
        <Fact name="proposed" value={trace.tree.length} />
        <Fact name="accepted" value={trace.accepted.length} />
        <Fact name="written" value={step.length} />
        <Fact name="draft passes" value={trace.draftPasses} />
      </dl>
      <h4>Proposed, and picked by the target</h4>
      <Tree trace={trace} own={step.own} />
      <h4>Written</h4>
      <p class="written">
        {step.pieces.map(({ origin, text }, i) => (
          <span key={i} class={`token ${origin}`}>
            {visible(text)}
          </span>
        ))}
      </p>
      <p class="hint">{explanation(step, trace)}</p>
      <Learned trace={trace} />
    </>
  )
}

function Fact({ name, value }: { name: string; value: number }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

const FATES = { accepted: 'accepted', own: "the target's own pick", refused: 'tried and refused', unreached: 'never reached' }

function Tree({ trace, own }: { trace: StepTrace; own: string | undefined }) {
  const { nodes, width, height } = layOut(trace, own)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: wide trees are scrolled with the keyboard
    <section class="tree" tabIndex={0} aria-label="Tree of proposed tokens">
      <svg width={width} height={height} role="img" aria-label={treeInWords(trace)}>
        <circle cx="5" cy={BOX / 2 + EDGE} r="4" class="root" />
        {nodes.map(({ node, label, fate, x, y, width: box, from }, i) => (
          <g key={i} class={`node ${node.origin} ${fate}`}>
            <title>{`${JSON.stringify(node.text)}: ${node.source ?? node.origin}, ${FATES[fate]}`}</title>
            <path d={line(from, { x, y })} />
            <rect x={x} y={y - BOX / 2} width={box} height={BOX} rx="6" />
            <text x={x + box / 2} y={y + 4.5}>
              {label}
            </text>
            <text class="chance" x={x + box / 2} y={y + BOX / 2 + 11}>
              {node.chance === undefined ? '' : `${Math.round(node.chance * 100)}%`}
            </text>
          </g>
        ))}
      </svg>
    </section>
  )
}

function line(from: { x: number; y: number }, to: { x: number; y: number }): string {
  if (from.y === to.y) return `M${from.x} ${from.y}H${to.x}`
  const x = from.x + 8
  return `M${from.x} ${from.y}H${x - 2}Q${x} ${from.y} ${x} ${from.y + 4}V${to.y - 4}Q${x} ${to.y} ${x + 4} ${to.y}H${to.x}`
}

/** What was learned, the target's corrections first. */
function Learned({ trace: { learned, pool } }: { trace: StepTrace }) {
  const longest = byLongestKey(learned)
  longest.sort((a, b) => Number(b.source === 'verification') - Number(a.source === 'verification'))
  return (
    <>
      <h4>Learned{pool && <span class="dim"> {pool.size.toLocaleString('en')} phrases are known</span>}</h4>
      {longest.length === 0 && <p class="hint">Nothing new.</p>}
      <ul class="learned">
        {longest.slice(0, MOST_LEARNED).map(({ key, phrase, source }, i) => (
          <li key={i}>
            <code>{visible(key)}</code> <span class="dim">→</span> <code class="phrase">{visible(phrase, 48)}</code>{' '}
            <span class="dim">{source}</span>
          </li>
        ))}
      </ul>
      {longest.length > MOST_LEARNED && <p class="hint">and {longest.length - MOST_LEARNED} more</p>}
    </>
  )
}

function explanation({ length }: Step, { tree, accepted }: StepTrace): string {
  const own = length - accepted.length
  if (tree.length === 0) return 'Without a proposal, a pass of the target writes one token.'
  if (accepted.length === 0) return 'The target wanted another token than all that were proposed, and wrote its own.'
  const came = `${accepted.length} proposed ${accepted.length === 1 ? 'token is what' : 'tokens are what'} the target would have written`
  return own > 0 ? `${came}; the last one is its own. One pass, ${length} tokens.` : `${came}. One pass, ${length} tokens.`
}

function inWords(step: Step): string {
  const text = step.pieces.map((piece) => piece.text).join('')
  if (!step.trace) return `Step ${step.number}: ${text}`
  return `Step ${step.number}: ${text}. ${step.trace.tree.length} proposed, ${step.trace.accepted.length} accepted.`
}

function treeInWords({ tree, accepted }: StepTrace): string {
  const good = new Set(accepted)
  const words = tree.slice(0, 24).map(({ text, origin, chance }, i) => {
    const share = chance === undefined ? '' : `, ${Math.round(chance * 100)} %`
    return `${JSON.stringify(text)} by ${origin}${share}${good.has(i) ? ', accepted' : ''}`
  })
  return `${tree.length} tokens proposed: ${words.join('; ')}`
}

import type { Engine, GenerateRequest, LoadOptions } from '../api/types.ts'
import type { Hardware } from '../bench/hardware.ts'
import { groupBy, sum } from '../bench/statistics.ts'
import { meanAcceptanceLength, type Statistics } from '../core/stats.ts'
import type { RecordedText, Recording } from './recording.ts'
import { Replay } from './replay.ts'

/** What a history brings, over some answers. */
export interface HistoryRow {
  readonly name: string
  readonly answers: number
  /** Accepted ÷ proposed tokens. */
  readonly acceptance: number
  /** Emitted tokens ÷ target passes. */
  readonly tokensPerPass: number
  /** Time of plain decoding ÷ this one's, prompts left out. */
  readonly speedup: number
}

/** One answer, in any unit of time. */
interface Answer {
  readonly statistics: Statistics
  readonly time: number
  readonly plain: number
}

export type Load = (options: Partial<LoadOptions>) => Promise<Engine>

/** Memory for the phrases of one request, and requests that cost control learns from. */
const TEXT_BYTES = 2 ** 18
const LEARNED = 3
/** Answers that a task, and a growing history, are measured on. */
const MEASURED = 12
const GROWN = 5

/**
 * Replays a recording's answers with a pool that knows nothing, the same task's other requests, or another task's; and behind `sizes`
 * requests of all tasks, as far as there are so many. What cost control has learned is the same in all cases of a text,
 * from a few others of its task.
 */
export async function replayHistory(recording: Recording, hardware: Hardware, sizes: readonly number[]): Promise<HistoryRow[]> {
  const replay = new Replay(recording, hardware, recording.texts.length * TEXT_BYTES)
  const tasks = groupBy(recording.texts, ({ task }) => task)
  const answer = async (text: RecordedText, before: readonly RecordedText[], known: readonly RecordedText[]): Promise<Answer> => {
    replay.forget()
    if (before.length > 0) await replay.run(before, 'ouroboros')
    replay.forgetPhrases()
    replay.teach(known)
    const prompt = replay.promptSeconds(text)
    const { seconds, statistics } = await replay.run([text], 'ouroboros')
    const plain = await replay.run([text], 'vanilla')
    return { statistics: statistics[0] as Statistics, time: seconds - prompt, plain: plain.seconds - prompt }
  }
  const rows: HistoryRow[] = []
  const measure = async (name: string, texts: readonly RecordedText[], known: (text: RecordedText) => readonly RecordedText[]) => {
    const answers: Answer[] = []
    for (const text of texts) {
      const others = (tasks.get(text.task) ?? []).filter((one) => one !== text).slice(0, LEARNED)
      answers.push(await answer(text, others, known(text)))
    }
    rows.push(rowOf(name, answers))
  }
  for (const [task, texts] of tasks) {
    const measured = texts.slice(0, MEASURED)
    await measure(`${task}: cold`, measured, () => [])
    await measure(`${task}: same task`, measured, (text) => texts.filter((one) => one !== text))
    for (const [other, known] of tasks) if (other !== task) await measure(`${task}: ${other}`, measured, () => known)
  }
  const mixed = inTurn([...tasks.values()])
  const last = mixed.slice(-GROWN)
  for (const size of [0, ...sizes].filter((one) => one + GROWN <= mixed.length))
    await measure(`${size} requests before`, last, () => mixed.slice(mixed.length - GROWN - size, mixed.length - GROWN))
  return rows
}

/**
 * Completes the second half of source files, each with a pool that knows nothing and with one that knows the repository's other files.
 * `files`: their texts by name, `tokens`: of each answer.
 */
export async function completeCode(
  load: Load,
  files: ReadonlyMap<string, string>,
  corpus: readonly string[],
  tokens: number,
  signal: AbortSignal,
): Promise<HistoryRow[]> {
  const requests = [...files].map(([name, text]) => ({ prompt: half(name, text), maxTokens: tokens }))
  const rows: HistoryRow[] = []
  for (const [name, corpusFiles] of [
    ['completion: cold', []],
    ['completion: repository', corpus],
  ] as const) {
    await using engine = await load({ corpusFiles })
    const answers: Answer[] = []
    for (const request of requests) {
      const plain = await write(engine, { ...request, method: 'vanilla' }, signal)
      await engine.forgetPhrases() // the corpus is known again
      answers.push({ ...(await write(engine, request, signal)), plain: plain.time })
    }
    rows.push(rowOf(name, answers))
  }
  return rows
}

/** An agent's loop without a draft model: edits of one file, each answer the whole file again. */
export async function editLoop(load: Load, edits: number, signal: AbortSignal): Promise<HistoryRow[]> {
  await using engine = await load({ draft: null })
  const loop = async (method: 'vanilla' | 'ouroboros') => {
    await engine.forgetPhrases()
    const answers: Awaited<ReturnType<typeof write>>[] = []
    for (let i = 0, file = FILE; i < edits; i++) {
      const [from, to] = RENAMES[i % RENAMES.length] as (typeof RENAMES)[number]
      const content = `\`\`\`ts\n${file}\`\`\`\nRename \`${from}\` to \`${to}\` everywhere in this file. Answer with the whole file, nothing else.`
      const answer = await write(engine, { messages: [{ role: 'user', content }], maxTokens: 400, method }, signal)
      answers.push(answer)
      file = /```\w*\n([\s\S]*?)```/.exec(answer.text)?.[1] ?? file
    }
    return answers
  }
  const plain = await loop('vanilla')
  const ours = await loop('ouroboros')
  return [
    rowOf(
      'edits: no draft model',
      ours.map((answer, i) => ({ ...answer, plain: plain[i]?.time ?? 0 })),
    ),
  ]
}

/** The row of these answers: sums, so that long answers count more. */
function rowOf(name: string, answers: readonly Answer[]): HistoryRow {
  const total = (of: (one: Answer) => number) => sum(answers.map(of))
  const tokens = total(({ statistics }) => meanAcceptanceLength(statistics) * statistics.steps)
  return {
    name,
    answers: answers.length,
    acceptance:
      total(({ statistics }) => statistics.acceptedTokens) /
      Math.max(
        1,
        total(({ statistics }) => statistics.draftTokens),
      ),
    tokensPerPass: tokens / total(({ statistics }) => statistics.targetPasses),
    speedup: total(({ plain }) => plain) / total(({ time }) => time),
  }
}

async function write(engine: Engine, request: GenerateRequest, signal: AbortSignal) {
  const generation = engine.generate({ ...request, signal })
  for await (const _ of generation) {
    // only the result counts
  }
  const { text, timings, statistics } = await generation.result
  signal.throwIfAborted()
  return { text, statistics, time: timings.predictedMs }
}

/** The first of each, the second of each, and so on. */
function inTurn<T>(lists: readonly (readonly T[])[]): T[] {
  const longest = Math.max(...lists.map(({ length }) => length))
  return Array.from({ length: longest }, (_, i) => lists.flatMap((list) => list.slice(i, i + 1))).flat()
}

/** The lines before a file's middle, the last two thousand characters of them. */
const HALF = 2000
function half(name: string, text: string): string {
  const middle = text.indexOf('\n', text.length / 2) + 1
  return `// ${name}\n${text.slice(Math.max(0, middle - HALF), middle)}`
}

const FILE = `export interface Item {
  name: string
  price: number
  count: number
}

export class Inventory {
  private items: Item[] = []

  add(item: Item): void {
    const known = this.items.find((one) => one.name === item.name)
    if (known) known.count += item.count
    else this.items.push(item)
  }

  remove(name: string): void {
    this.items = this.items.filter((one) => one.name !== name)
  }

  total(): number {
    return this.items.reduce((sum, one) => sum + one.price * one.count, 0)
  }
}
`

const RENAMES = [
  ['remove', 'discard'],
  ['total', 'worth'],
  ['known', 'present'],
  ['Inventory', 'Warehouse'],
  ['count', 'quantity'],
  ['price', 'cost'],
  ['items', 'goods'],
  ['add', 'store'],
  ['sum', 'total'],
  ['Item', 'Article'],
] as const

import type { Preset } from '../api/paper-parameters.ts'
import { OuroborosError } from '../core/errors.ts'

type Row = Readonly<Record<string, unknown>>

/** What a user says, turn by turn; each turn but the first refers to the answers before it. */
export type Question = readonly [string, ...string[]]

/** A kind of text to write: where its prompts come from and how a row of the data set becomes one. */
export interface Task {
  readonly name: string
  /** Names that the data set's own file goes by; the first one found is read, also with `.gz` behind it. */
  readonly files: readonly string[]
  /** Spec-Bench only: the category of its rows. */
  readonly category?: string
  /** The user's messages for one row; undefined: the row has not the data set's shape. */
  question(row: Row): Question | undefined
  /** The paper's parameters for this kind of text. */
  readonly preset: Preset
}

const SPEC_BENCH = ['specbench.jsonl', 'question.jsonl']

const HUMAN_EVAL: Task = {
  name: 'humaneval',
  files: ['humaneval.jsonl', 'HumanEval.jsonl'],
  question: ({ prompt }) =>
    isText(prompt) ? [`Complete the following Python function. Answer with the code only.\n\`\`\`python\n${prompt}\`\`\``] : undefined,
  preset: 'paper',
}

const MBPP: Task = {
  name: 'mbpp',
  files: ['mbpp.jsonl'],
  question: ({ text, test_list: tests }) =>
    isText(text) && Array.isArray(tests) ? [`${text}\nYour code should pass these tests:\n${tests.join('\n')}`] : undefined,
  preset: 'paper-mbpp',
}

const GSM8K: Task = {
  name: 'gsm8k',
  files: ['gsm8k.jsonl', 'test.jsonl'],
  question: ({ question }) => (isText(question) ? [`${question}\nThink step by step.`] : undefined),
  preset: 'paper-gsm8k',
}

/** Spec-Bench takes its summaries from CNN/DM and its translations from WMT14 (German to English). */
const CNN_DM = specBench('cnndm', 'summarization', 'paper-cnndm')
const WMT = specBench('wmt', 'translation', 'paper-wmt')

const CATEGORIES = [
  'writing',
  'roleplay',
  'reasoning',
  'math',
  'coding',
  'extraction',
  'stem',
  'humanities',
  'translation',
  'summarization',
  'qa',
  'math_reasoning',
  'rag',
]

const TASKS: readonly Task[] = [HUMAN_EVAL, MBPP, GSM8K, CNN_DM, WMT]

/** Names that `findTasks` knows. */
export const taskNames: readonly string[] = [...TASKS.map((task) => task.name), 'specbench', ...CATEGORIES]

/** The tasks of one name: `specbench` is all its categories, `specbench:writing` and `writing` are one. Throws `E_USAGE`. */
export function findTasks(name: string): readonly Task[] {
  if (name === 'specbench') return CATEGORIES.map((category) => specBench(category, category))
  const found = TASKS.find((task) => task.name === name)
  if (found) return [found]
  const category = name.replace(/^specbench:/, '')
  if (CATEGORIES.includes(category)) return [specBench(category, category)]
  throw new OuroborosError('E_USAGE', `no such task: received ${name}, known are ${taskNames.join(', ')}`)
}

function specBench(name: string, category: string, preset: Preset = 'paper'): Task {
  return {
    name,
    files: SPEC_BENCH,
    category,
    question: ({ turns }) =>
      Array.isArray(turns) && turns.length > 0 && turns.every(isText) ? (turns as [string, ...string[]]) : undefined,
    preset,
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

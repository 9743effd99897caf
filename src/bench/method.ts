import type { GenerateRequest } from '../api/types.ts'
import { OuroborosError } from '../core/errors.ts'
import { ABLATION } from './ablation.ts'
import type { Task } from './task.ts'

/** What is found out about a task before it is measured. */
export interface Tuned {
  /** Draft tokens per step of plain speculation [gamma]. */
  readonly draftLength?: number
}

/** One way of writing the same text. */
export interface BenchMethod {
  readonly name: string
  readonly needsDraft: boolean
  /** `cold`: the phrase pool is emptied before each prompt; `warm`: it is kept over a task's prompts; `none`: there is none. */
  readonly pool: 'none' | 'cold' | 'warm'
  /** Greedy only. */
  readonly greedy: boolean
  request(task: Task, tuned: Tuned): Pick<GenerateRequest, 'method' | 'options'>
}

/** The base of every speed-up. */
export const VANILLA: BenchMethod = { ...ours('vanilla'), request: () => ({ method: 'vanilla' }) }

const METHODS: readonly BenchMethod[] = [
  VANILLA,
  {
    ...ours('speculative', { needsDraft: true }),
    request: (_, { draftLength }) => ({ method: 'speculative', ...(draftLength !== undefined && { options: { draftLength } }) }),
  },
  { ...ours('prompt-lookup'), request: () => ({ method: 'prompt-lookup' }) },
  { ...ours('lookahead'), request: () => ({ method: 'lookahead' }) },
  { ...ours('ouroboros', { pool: 'cold' }), request: () => ({ method: 'ouroboros' }) },
  { ...ours('ouroboros-warm', { pool: 'warm' }), request: () => ({ method: 'ouroboros' }) },
  {
    ...ours('paper', { pool: 'cold', needsDraft: true, greedy: true }),
    request: ({ preset }) => ({ method: 'ouroboros', options: { preset } }),
  },
]

/** Measured unless `--methods` says otherwise: `paper` is made for GPUs and takes minutes a prompt on a CPU. */
const DEFAULT = METHODS.filter(({ name }) => name !== 'paper')

export const methodNames: readonly string[] = METHODS.map(({ name }) => name)

/** The place of a method in reports; -1: another program's. */
export function rankOf(name: string): number {
  return [...METHODS, ...ABLATION].findIndex((method) => method.name === name)
}

/** The methods of these names, plain decoding first; `ablation` is a ladder of ideas, `all` every method, undefined the default. Throws `E_USAGE`. */
export function findMethods(names: readonly string[] | undefined): readonly BenchMethod[] {
  if (names === undefined) return DEFAULT
  const chosen = names.flatMap((name) => {
    if (name === 'all') return METHODS
    if (name === 'ablation') return ABLATION
    const method = METHODS.find((one) => one.name === name)
    if (!method) throw new OuroborosError('E_USAGE', `no such method: received ${name}, known are ${methodNames.join(', ')}, ablation, all`)
    return [method]
  })
  return [...new Set([VANILLA, ...chosen])]
}

function ours(name: string, traits: Partial<BenchMethod> = {}): Omit<BenchMethod, 'request'> {
  return { name, needsDraft: false, pool: 'none', greedy: false, ...traits }
}

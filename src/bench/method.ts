import { METHOD_NAMES } from '../api/method-options.ts'
import { METHODS, type Method } from '../api/methods.ts'
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

/** Every method with its defaults; besides, one method in ways of its own. */
const ROWS: readonly BenchMethod[] = [
  ...METHOD_NAMES.map(ours),
  { ...ours('ouroboros'), name: 'ouroboros-warm', pool: 'warm' },
  {
    ...ours('ouroboros'),
    name: 'paper',
    needsDraft: true,
    greedy: true,
    request: ({ preset }) => ({ method: 'ouroboros', options: { preset } }),
  },
]

/** The base of every speed-up. */
export const VANILLA = ROWS.find(({ name }) => name === 'vanilla') as BenchMethod

/** Measured unless `--methods` says otherwise: `paper` is made for GPUs and takes minutes a prompt on a CPU. */
const DEFAULT = ROWS.filter(({ name }) => name !== 'paper')

export const methodNames: readonly string[] = ROWS.map(({ name }) => name)

/** The place of a method in reports; -1: another program's. */
export function rankOf(name: string): number {
  return [...ROWS, ...ABLATION].findIndex((method) => method.name === name)
}

/** The methods of these names, plain decoding first; `ablation` is a ladder of ideas, `all` every method, undefined the default. Throws `E_USAGE`. */
export function findMethods(names: readonly string[] | undefined): readonly BenchMethod[] {
  if (names === undefined) return DEFAULT
  const chosen = names.flatMap((name) => {
    if (name === 'all') return ROWS
    if (name === 'ablation') return ABLATION
    const method = ROWS.find((one) => one.name === name)
    if (!method) throw new OuroborosError('E_USAGE', `no such method: received ${name}, known are ${methodNames.join(', ')}, ablation, all`)
    return [method]
  })
  return [...new Set([VANILLA, ...chosen])]
}

function ours(method: Method): BenchMethod {
  const { needsDraft, keepsPhrases } = METHODS[method]
  return {
    name: method,
    needsDraft,
    pool: keepsPhrases ? 'cold' : 'none',
    greedy: false,
    request: (_, { draftLength }) =>
      method === 'speculative' && draftLength !== undefined ? { method, options: { draftLength } } : { method },
  }
}

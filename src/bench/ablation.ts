import type { MethodOptions } from '../api/methods.ts'
import type { BenchMethod } from './method.ts'

/** Draft tokens per step [gamma] where none are given. */
const DRAFT_LENGTH = 7

const drafting: MethodOptions = { window: 0, guesses: 0, suffixes: 0, branches: 0, directChance: 2, sources: [] }
const window: MethodOptions = { ...drafting, window: 4, ngram: 5, guesses: 3 }
const suffixes: MethodOptions = { ...window, suffixes: 2, branches: 1 }
const verification: MethodOptions = { ...suffixes, sources: ['verification'] }
const text: MethodOptions = { ...suffixes, sources: ['verification', 'prompt', 'history'] }

/** What each idea of the paper adds: every row is the one before and one idea more. */
export const ABLATION: readonly BenchMethod[] = [
  row('draft model', 'cold', drafting),
  row('+ phrase drafting', 'cold', window),
  row('+ lengthening', 'cold', suffixes),
  row('+ verification', 'cold', verification),
  row('+ prompt, answer', 'cold', text),
  row('+ earlier requests', 'warm', text),
  row('+ direct phrases', 'warm', { ...text, directChance: 0.8 }),
]

function row(name: string, pool: BenchMethod['pool'], options: MethodOptions): BenchMethod {
  const request: BenchMethod['request'] = (_, { draftLength = DRAFT_LENGTH }) => ({
    method: 'ouroboros',
    options: { ...options, draftLength },
  })
  return { name, needsDraft: true, pool, greedy: false, request }
}

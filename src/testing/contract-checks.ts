import { CachedSequence } from '../core/cached-sequence.ts'
import { OuroborosError } from '../core/errors.ts'
import type { Cache, Logits, Model } from '../core/model.ts'
import type { Token } from '../core/token.ts'
import { TokenTree } from '../core/token-tree.ts'

/** The test functions of any runner of the usual shape (vitest, jest, bun). */
export interface Runner {
  describe(name: string, body: () => void): void
  it(name: string, body: () => void | Promise<void>): void
  beforeAll(body: () => void | Promise<void>): void
  afterAll(body: () => void | Promise<void>): void
}

export interface ContractOptions {
  open(): Model | Promise<Model>
  close?(model: Model): void
  /** Largest difference of a logit between a tree pass and plain one-token passes. */
  readonly tolerance: number
}

/** Sends one more token and compares its logits with a fresh text's. */
export function checkNext(model: Model, cache: Cache, text: readonly Token[], token: Token, tolerance: number, what: string): void {
  const tree = TokenTree.chain([token])
  const [logits] = model.forward([{ cache, tree }])
  const row = Float32Array.from((logits as Logits).row(0))
  cache.commit([0])
  same(row, plainRow(model, [...text, token]), tolerance, what)
}

/** Commits a text one token at a time, as plain decoding would. */
export function read(model: Model, text: CachedSequence, tokens: readonly Token[]): Float32Array {
  let row: Float32Array = new Float32Array(0)
  for (const token of tokens) {
    const tree = TokenTree.chain([token])
    const [logits] = model.forward([{ cache: text.cache, tree }])
    row = Float32Array.from((logits as Logits).row(0))
    text.commit(tree, 0)
  }
  return row
}

export function plainRow(model: Model, tokens: readonly Token[]): Float32Array {
  let row: Float32Array = new Float32Array(0)
  withCache(model, (cache) => {
    row = read(model, new CachedSequence(cache), tokens)
  })
  return row
}

export function withCache(model: Model, use: (cache: Cache) => void): void {
  const cache = model.open()
  try {
    use(cache)
  } finally {
    cache.close()
  }
}

export function same(actual: Float32Array, expected: Float32Array, tolerance: number, what: string): void {
  let worst = 0
  for (let i = 0; i < expected.length; i++) worst = Math.max(worst, Math.abs((actual[i] as number) - (expected[i] as number)))
  if (!(worst <= tolerance) || actual.length !== expected.length)
    throw new Error(`${what}: a logit differs by ${worst}, at most ${tolerance} is allowed`)
}

export function expectEqual(actual: number, expected: number, what: string): void {
  if (actual !== expected) throw new Error(`${what}: expected ${expected}, received ${actual}`)
}

/** Misuse throws an error, wrong input one with a name: never a crash, never silence. */
export function expectThrow(body: () => unknown, what: string, named = false): void {
  try {
    body()
  } catch (error) {
    const kinds = named ? [OuroborosError, RangeError, TypeError] : [Error]
    if (kinds.some((kind) => error instanceof kind)) return
    throw new Error(`${what}: expected an OuroborosError, RangeError or TypeError`, { cause: error })
  }
  throw new Error(`${what}: expected an error`)
}

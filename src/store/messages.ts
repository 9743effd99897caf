import type { Namespace } from './namespace.ts'

/** Given to the store's thread at its start. */
export interface StoreStart {
  readonly folder: string
  /** Phrases of a namespace kept at most, and days after their last use. */
  readonly most: number
  readonly days: number
  readonly vocabSize: number
}

export type ToStore =
  | { type: 'open'; namespace: Namespace }
  | { type: 'put'; tenant: string; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'forget'; tenant: string }
  | { type: 'flush'; id: number }
  | { type: 'close' }

export type FromStore =
  | { type: 'phrases'; tenant: string; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'flushed'; id: number }
  | { type: 'warning'; line: string }

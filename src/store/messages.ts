import type { TableImage } from '../core/phrases/phrase-table.ts'
import type { Namespace } from './namespace.ts'

/** Given to the store's thread at its start. */
export interface StoreStart {
  readonly folder: string
  /** Phrases of a namespace kept at most, and days after their last use. */
  readonly most: number
  readonly days: number
  readonly vocabSize: number
  /** Address of a Redis that keeps the phrases instead of the folder. */
  readonly share?: string
}

export type ToStore =
  | { type: 'open'; namespace: Namespace; hearer: number }
  | { type: 'put'; tenant: string; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'release'; tenant: string }
  | { type: 'forget'; tenant: string }
  | { type: 'flush'; id: number }
  | { type: 'close' }

export type FromStore =
  | { type: 'table'; hearer: number; image: TableImage }
  | { type: 'phrases'; hearer: number; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'flushed'; id: number }
  | { type: 'warning'; line: string }

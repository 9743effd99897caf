import type { OriginPiece } from '../../api/origin-pieces.ts'
import type { StepTrace } from '../../api/types.ts'

/** One step as the page keeps it. */
export interface Step {
  /** From 1. */
  readonly number: number
  /** Milliseconds since the answer's first step. */
  readonly ms: number
  readonly pieces: readonly OriginPiece[]
  /** Tokens in it. */
  readonly length: number
  /** Tokens that the target looked at: 1 and the tree. */
  readonly width?: number
  readonly pool?: number
  /** The last token's text where the target wrote it itself: its correction, or the one after all that it accepted. */
  readonly own?: string
  /** Gone for old steps of long conversations. */
  trace?: StepTrace
}

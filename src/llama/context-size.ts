/** Most tree nodes per pass; wider prompts are split by the caller. */
export const MAX_BATCH = 512

const DEFAULT_CONTEXT = 4096

/** Tokens per cache: what is wanted, at most what the model was trained for. */
export function contextLengthOf(wanted: number | undefined, trained: number): number {
  return Math.min(wanted ?? DEFAULT_CONTEXT, trained)
}

/** Sequences of a recurrent model, each with a state: of each cache, of its checkpoint, and of its prompt. */
export function recurrentSequences(sessions: number): number {
  return 3 * sessions
}

/** Cells of the native cache: every session's context, and the branches of one widest tree. */
export function contextCells(contextLength: number, sessions: number): number {
  return Math.ceil((contextLength * sessions + MAX_BATCH) / 256) * 256
}

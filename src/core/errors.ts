/**
 * A failure that has a name. `code` is stable and for programs; `message` says what was received and what to do.
 * Misuse of the API (a programmer's mistake) is a `TypeError` or `RangeError` instead.
 */
export class OuroborosError extends Error {
  override readonly name = 'OuroborosError'
  readonly code: ErrorCode
  /** The numbers of the message, by name; of E_CONTEXT: `promptTokens` and `contextLength`. */
  readonly numbers: Readonly<Record<string, number>> | undefined

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown; numbers?: Readonly<Record<string, number>> | undefined }) {
    super(message, options)
    this.code = code
    this.numbers = options?.numbers
  }
}

/** Every code that this package can throw. Exit code of the command: 2 for `E_USAGE`, else 1. */
export type ErrorCode =
  | 'E_USAGE' // an option or argument is wrong
  | 'E_FILE' // a file is missing, unreadable or in the way
  | 'E_GGUF' // not a GGUF file, or a damaged one
  | 'E_MODEL' // the engine cannot load or use this model
  | 'E_PAIR' // target and draft model cannot work together
  | 'E_CONTEXT' // the prompt does not fit
  | 'E_PROMPT' // the prompt is empty or cannot be rendered
  | 'E_MEMORY' // the models need more memory than is available
  | 'E_LIBRARY' // the native library is missing or of another version
  | 'E_PLATFORM' // no native library for this platform
  | 'E_ENGINE' // the native library failed in a call
  | 'E_DOWNLOAD' // no source could deliver the file
  | 'E_CHECKSUM' // the file is not the one that was promised
  | 'E_SPACE' // the disk is too full
  | 'E_LOCKED' // another process is at it
  | 'E_GRAMMAR' // a grammar or schema is not valid
  | 'E_EXACT' // nothing on this machine is bit by bit what plain decoding computes
  | 'E_STORE' // kept phrases are damaged, or of another vocabulary or version
  | 'E_CLOSED' // the engine was disposed

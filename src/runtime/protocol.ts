import type {
  EngineFacts,
  GenerateRequest,
  GenerationResult,
  GenerationStep,
  LoadOptions,
  Rendered,
  Started,
  TokenizeOptions,
} from '../api/types.ts'
import type { WireError } from '../core/wire-error.ts'
import type { HistorySettings } from '../store/history-settings.ts'

/** What crosses the thread boundary, and nothing else: tokens, text, statistics; errors as data. */

/** Given to the worker at its start. Files are local and complete. */
export interface WorkerStart {
  readonly target: string
  readonly draft: string | null
  readonly options: Pick<
    LoadOptions,
    | 'contextLength'
    | 'memoryCheck'
    | 'sessions'
    | 'threads'
    | 'gpuLayers'
    | 'draftGpuLayers'
    | 'devices'
    | 'flashAttention'
    | 'cacheTypeK'
    | 'cacheTypeV'
    | 'kernels'
    | 'library'
    | 'calibrate'
    | 'corpusFiles'
    | 'chatTemplate'
    | 'exact'
  > & { history: HistorySettings | null }
  /** Whether log lines are wanted. */
  readonly log: boolean
}

/** A request without what cannot cross: the signal becomes an `abort` message. */
export type WireRequest = Omit<GenerateRequest, 'signal'>

export type ToWorker =
  | { type: 'generate'; id: number; request: WireRequest }
  | { type: 'abort'; id: number }
  | { type: 'render'; id: number; request: WireRequest }
  | { type: 'tokenize'; id: number; text: string; options: TokenizeOptions }
  | { type: 'pieces'; id: number; tokens: number[] }
  | { type: 'detokenize'; id: number; tokens: number[] }
  | { type: 'forget'; id: number; tenant?: string }
  | { type: 'dispose' }

export type FromWorker =
  | { type: 'ready'; facts: EngineFacts }
  | { type: 'progress'; phase: 'kernels' | 'load' | 'calibrate' | 'probe'; file: string; fraction: number }
  | { type: 'log'; line: string }
  | { type: 'warning'; line: string }
  | { type: 'started'; id: number; started: Started }
  | { type: 'step'; id: number; step: GenerationStep }
  | { type: 'done'; id: number; result: GenerationResult }
  | { type: 'value'; id: number; value: number[] | number[][] | string | Rendered }
  | { type: 'failed'; id: number; error: WireError }
  | { type: 'broken'; error: WireError }
  | { type: 'disposed' }

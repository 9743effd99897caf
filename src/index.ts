export { METHOD_NAMES } from './api/method-options.ts'
export type { Method, MethodOptions, OptionsOf } from './api/methods.ts'
export type {
  CacheType,
  ChatMessage,
  Engine,
  EngineFacts,
  FinishReason,
  GeneratedToken,
  GenerateRequest,
  Generation,
  GenerationResult,
  GenerationStep,
  LoadOptions,
  ModelFacts,
  SamplingOptions,
} from './api/types.ts'
export { type ErrorCode, OuroborosError } from './core/errors.ts'
export { draftAcceptanceRate, meanAcceptanceLength, type Statistics } from './core/stats.ts'
export type { Origin, PhraseSource } from './core/token.ts'
export { devices } from './llama/devices.ts'
export { type QuantizeOptions, quantize } from './llama/quantize.ts'
export { load } from './runtime/engine.ts'

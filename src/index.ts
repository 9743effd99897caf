export { type ErrorCode, OuroborosError } from './core/errors.ts'
export { draftAcceptanceRate, meanAcceptanceLength, type Statistics } from './core/stats.ts'
export type { Origin, PhraseSource } from './core/token.ts'
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
  Method,
  MethodOptions,
  ModelFacts,
  SamplingOptions,
} from './engine/api.ts'
export { devices } from './engine/devices.ts'
export { load } from './engine/handle.ts'
export { type QuantizeOptions, quantize } from './engine/quantize.ts'

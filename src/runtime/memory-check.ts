import { basename } from 'node:path'
import { OuroborosError } from '../core/errors.ts'
import { contextLengthOf } from '../llama/context-size.ts'
import { type MemoryNeed, type MemoryOptions, memoryNeed, trainedContext } from '../llama/memory-need.ts'
import type { Gguf } from '../models/gguf.ts'

/** A model that is about to be loaded. */
export interface PlannedModel {
  readonly gguf: Gguf
  readonly options: MemoryOptions
}

const STEP = 256

/** Throws E_MEMORY, with the numbers and what to choose, where these models together need more than `available` bytes. */
export function requireMemory(models: readonly PlannedModel[], available: number): void {
  const needs = models.map(({ gguf, options }) => memoryNeed(gguf, options))
  if (total(needs) <= available) return
  const parts = needs.map(({ weights, cache, compute }, i) => {
    const { gguf, options } = models[i] as PlannedModel
    const slots = (options.sessions ?? 1) > 1 ? ` in ${options.sessions} sessions` : ''
    return `${basename(gguf.path)}: file ${size(weights)}, context of ${contextOf(models[i] as PlannedModel)} tokens${slots} ${size(cache)}, passes ${size(compute)}`
  })
  throw new OuroborosError(
    'E_MEMORY',
    `${size(total(needs))} of memory are needed and ${size(available)} are available (${parts.join('; ')}): ${advice(models, available)}`,
  )
}

function advice(models: readonly PlannedModel[], available: number): string {
  const fits = (contextLength: number) =>
    total(models.map(({ gguf, options }) => memoryNeed(gguf, { ...options, contextLength }))) <= available
  const most = Math.max(...models.map(contextOf))
  let tokens = Math.floor((most - 1) / STEP) * STEP
  while (tokens > 0 && !fits(tokens)) tokens -= STEP
  const otherwise = `memoryCheck: false (--no-memory-check) loads anyway`
  if (tokens > 0) return `choose a context of at most ${tokens} tokens (-c ${tokens}); ${otherwise}`
  const fewer = models.length > 1 ? 'a smaller model or no draft model' : 'a smaller model'
  return `no context is short enough, choose ${fewer}; ${otherwise}`
}

function contextOf({ gguf, options }: PlannedModel): number {
  return contextLengthOf(options.contextLength, trainedContext(gguf))
}

function total(needs: readonly MemoryNeed[]): number {
  return needs.reduce((sum, { weights, cache, compute }) => sum + weights + cache + compute, 0)
}

function size(bytes: number): string {
  return bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}

import type { Engine, GenerateRequest } from '../api/types.ts'
import type { PassWidths } from '../core/decoding/session.ts'
import { type EnergyCounters, joulesBetween, readEnergy } from './energy.ts'
import type { Measured } from './sample.ts'

/** Runs one request to its end and reads the clocks. Throws what the engine throws; the signal's reason when aborted. */
export async function measure(engine: Engine, request: GenerateRequest, signal: AbortSignal): Promise<Measured> {
  const generation = engine.generate({ ...request, signal })
  const ids: number[] = []
  const widths: PassWidths[] = []
  let isFirst = true
  let before: EnergyCounters | null = null
  for await (const step of generation) {
    for (const { id } of step.tokens) ids.push(id)
    if (isFirst) before = readEnergy()
    // Plain decoding reads the prompt with the target as well.
    if (step.widths) widths.push(isFirst ? { ...step.widths, target: 0 } : step.widths)
    isFirst = false
  }
  const joules = joulesBetween(before, readEnergy())
  const { text, usage, timings, statistics } = await generation.result
  signal.throwIfAborted()
  return {
    text,
    ids,
    promptTokens: usage.promptTokens,
    tokens: usage.completionTokens,
    decodedTokens: Math.max(0, usage.completionTokens - 1),
    decodedMs: timings.predictedMs,
    tokensPerSecond: timings.predictedPerSecond,
    promptMs: timings.promptMs,
    engineMs: timings.engineMs,
    targetPasses: statistics.targetPasses,
    draftPasses: statistics.draftPasses,
    histogram: statistics.acceptanceHistogram,
    widths,
    joules,
    rssBytes: process.memoryUsage.rss(),
  }
}

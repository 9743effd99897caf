import type { Engine, GenerateRequest } from '../api/types.ts'
import type { PassWidths } from '../core/decoding/session.ts'
import { type EnergyCounters, joulesBetween, readEnergy } from './energy.ts'
import type { Measured } from './sample.ts'

/** Runs one request to its end and reads the clocks. Throws what the engine throws; the signal's reason when aborted. */
export async function measure(engine: Engine, request: GenerateRequest, signal: AbortSignal): Promise<Measured> {
  const generation = engine.generate({ ...request, signal })
  const ids: number[] = []
  const widths: PassWidths[] = []
  let first: number | undefined
  let before: EnergyCounters | null = null
  for await (const step of generation) {
    for (const { id } of step.tokens) ids.push(id)
    if (first === undefined) {
      first = step.tokens.length
      before = readEnergy()
    } else if (step.widths) widths.push(step.widths)
  }
  const joules = joulesBetween(before, readEnergy())
  const { text, usage, timings, statistics } = await generation.result
  signal.throwIfAborted()
  return {
    text,
    ids,
    promptTokens: usage.promptTokens,
    tokens: usage.completionTokens,
    decodedTokens: usage.completionTokens - (first ?? 0),
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

import { Counter, Gauge, type Registry } from 'prom-client'
import type { GenerationResult } from '../api/types.ts'
import type { Admission } from './admission.ts'

const HELP = {
  prompt_tokens_total: 'Prompt tokens read; those found in the cache are counted apart',
  prompt_tokens_cached_total: 'Prompt tokens found in the cache',
  prompt_seconds_total: 'Seconds of reading prompts',
  tokens_predicted_total: 'Tokens of answers',
  tokens_predicted_seconds_total: 'Seconds of writing answers',
  n_decode_total: 'Passes of the target model',
  n_tokens_max: 'Tokens of the longest prompt with its answer',
  spec_decode_num_drafts_total: 'Rounds of drafting and verification',
  spec_decode_num_draft_tokens_total: 'Tokens proposed to the target',
  spec_decode_num_accepted_tokens_total: 'Proposed tokens that the target accepted',
}
type Name = keyof typeof HELP

/** llama.cpp's own counters under its own names, for dashboards that are made for them. */
export class LlamaMetrics {
  readonly #counters: ReadonlyMap<string, Counter>
  readonly #totals = { read: 0, readSeconds: 0, written: 0, writingSeconds: 0, longest: 0 }

  constructor(registry: Registry, admission: Admission) {
    const registers = [registry]
    this.#counters = new Map(Object.entries(HELP).map(([name, help]) => [name, new Counter({ name: `llamacpp:${name}`, help, registers })]))
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name: `llamacpp:${name}`,
        help,
        registers,
        collect() {
          this.set(read())
        },
      })
    const rate = (tokens: number, seconds: number) => (seconds > 0 ? tokens / seconds : 0)
    gauge('prompt_tokens_seconds', 'Prompt tokens per second', () => rate(this.#totals.read, this.#totals.readSeconds))
    gauge('predicted_tokens_seconds', 'Tokens of answers per second', () => rate(this.#totals.written, this.#totals.writingSeconds))
    gauge('requests_processing', 'Answers that have a slot', () => admission.processing)
    gauge('requests_deferred', 'Answers that wait for a slot', () => admission.deferred)
  }

  answered({ usage, timings, statistics }: GenerationResult): void {
    const { promptTokens, cachedTokens, completionTokens } = usage
    const totals = this.#totals
    const length = promptTokens + completionTokens
    totals.read += promptTokens - cachedTokens
    totals.readSeconds += timings.promptMs / 1000
    totals.written += completionTokens
    totals.writingSeconds += timings.predictedMs / 1000
    this.#inc('prompt_tokens_total', promptTokens - cachedTokens)
    this.#inc('prompt_tokens_cached_total', cachedTokens)
    this.#inc('prompt_seconds_total', timings.promptMs / 1000)
    this.#inc('tokens_predicted_total', completionTokens)
    this.#inc('tokens_predicted_seconds_total', timings.predictedMs / 1000)
    this.#inc('n_decode_total', statistics.promptPasses + statistics.steps)
    this.#inc('n_tokens_max', Math.max(0, length - totals.longest))
    this.#inc('spec_decode_num_drafts_total', statistics.steps)
    this.#inc('spec_decode_num_draft_tokens_total', statistics.draftTokens)
    this.#inc('spec_decode_num_accepted_tokens_total', statistics.acceptedTokens)
    totals.longest = Math.max(totals.longest, length)
  }

  #inc(name: Name, by: number): void {
    this.#counters.get(name)?.inc(by)
  }
}

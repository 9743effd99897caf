import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { EngineFacts, GenerationResult } from '../api/types.ts'
import type { Admission } from './admission.ts'
import { LlamaMetrics } from './llama-metrics.ts'

/** Seconds. */
const WAITS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]
const PER_TOKEN = [0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1]

/** Counters for Prometheus. Names behind `ouroboros:` are vLLM's where it has one; llama.cpp's are there under its own prefix as well. */
export class Metrics {
  readonly registry = new Registry()
  readonly #requests = this.#counter('http_requests_total', 'HTTP requests', ['route', 'status'])
  readonly #prompt = this.#counter('prompt_tokens_total', 'Prompt tokens')
  readonly #cached = this.#counter('prompt_tokens_cached_total', 'Prompt tokens found in the cache')
  readonly #predicted = this.#counter('generation_tokens_total', 'Tokens of answers')
  readonly #finished = this.#counter('request_success_total', 'Answers, by how they ended', ['finished_reason'])
  readonly #drafts = this.#counter('spec_decode_num_drafts_total', 'Rounds of drafting and verification')
  readonly #draftTokens = this.#counter('spec_decode_num_draft_tokens_total', 'Tokens proposed to the target')
  readonly #accepted = this.#counter('spec_decode_num_accepted_tokens_total', 'Proposed tokens that the target accepted')
  readonly #positions = this.#counter('spec_decode_num_accepted_tokens_per_pos_total', 'Accepted tokens by place in the draft', [
    'position',
  ])
  readonly #seconds = this.#counter('step_seconds_total', 'Seconds of all sessions, by what they were spent on', ['phase'])
  readonly #phrases = this.#gauge('phrase_pool_phrases', 'Phrases in the pool, as the last answer saw it')
  readonly #queue = this.#histogram('request_queue_time_seconds', 'Seconds until a slot was free', WAITS)
  readonly #first = this.#histogram('time_to_first_token_seconds', 'Seconds from the request to the first text', WAITS)
  readonly #perToken = this.#histogram('time_per_output_token_seconds', 'Seconds per token after the first step', PER_TOKEN)
  readonly #whole = this.#histogram('e2e_request_latency_seconds', 'Seconds from the request to its end', WAITS)

  readonly #llama: LlamaMetrics

  constructor({ sessions }: EngineFacts, admission: Admission) {
    this.#llama = new LlamaMetrics(this.registry, admission)
    collectDefaultMetrics({ register: this.registry })
    this.#gauge('slots', 'Answers at once').set(sessions)
    this.#gauge('requests_processing', 'Answers that have a slot', () => admission.processing)
    this.#gauge('requests_deferred', 'Answers that wait for a slot', () => admission.deferred)
  }

  request(route: string, status: number): void {
    this.#requests.inc({ route, status })
  }

  queued(seconds: number): void {
    this.#queue.observe(seconds)
  }

  firstText(seconds: number): void {
    this.#first.observe(seconds)
  }

  answered(result: GenerationResult, seconds: number): void {
    const { usage, timings, statistics, finishReason } = result
    this.#llama.answered(result)
    this.#whole.observe(seconds)
    this.#prompt.inc(usage.promptTokens)
    this.#cached.inc(usage.cachedTokens)
    this.#predicted.inc(usage.completionTokens)
    this.#finished.inc({ finished_reason: finishReason })
    this.#drafts.inc(statistics.steps)
    this.#draftTokens.inc(statistics.draftTokens)
    this.#accepted.inc(statistics.acceptedTokens)
    // A step that emitted n tokens accepted n - 1 of its draft, at the first places.
    statistics.acceptanceHistogram.forEach((steps, emitted) => {
      for (let position = 0; steps > 0 && position < emitted - 1; position++) this.#positions.inc({ position }, steps)
    })
    this.#seconds.inc({ phase: 'draft' }, timings.draftMs / 1000)
    this.#seconds.inc({ phase: 'verify' }, timings.targetMs / 1000)
    this.#seconds.inc({ phase: 'sample' }, timings.ownMs / 1000)
    if (statistics.pool) this.#phrases.set(statistics.pool.size)
    if (timings.predictedPerSecond > 0) this.#perToken.observe(1 / timings.predictedPerSecond)
  }

  #counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name: `ouroboros:${name}`, help, labelNames, registers: [this.registry] })
  }

  #gauge(name: string, help: string, read?: () => number): Gauge {
    return new Gauge({
      name: `ouroboros:${name}`,
      help,
      registers: [this.registry],
      ...(read && {
        collect(this: Gauge) {
          this.set(read())
        },
      }),
    })
  }

  #histogram(name: string, help: string, buckets: number[]): Histogram {
    return new Histogram({ name: `ouroboros:${name}`, help, buckets, registers: [this.registry] })
  }
}

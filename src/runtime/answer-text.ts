import type { GeneratedToken, GenerationStep } from '../api/types.ts'
import type { Step } from '../core/decoding/session.ts'
import type { EmittedToken } from '../core/decoding/verify.ts'
import type { PhrasePool } from '../core/phrases/phrase-pool.ts'
import type { PoolReport } from '../core/stats.ts'
import { Detokenizer, type Vocabulary } from '../llama/vocabulary.ts'
import { TextStream } from '../text/text-stream.ts'
import type { WireRequest } from './protocol.ts'
import { Tracer } from './tracer.ts'

/** A session's steps as its caller sees them: text up to a stop string, tokens, traces. */
export class AnswerText {
  readonly #stream: TextStream
  readonly #vocabulary: Vocabulary
  readonly #tracer: Tracer | undefined

  constructor({ stop = [], trace }: WireRequest, vocabulary: Vocabulary, pool: PhrasePool) {
    this.#vocabulary = vocabulary
    this.#stream = new TextStream(new Detokenizer(vocabulary), typeof stop === 'string' ? [stop] : stop)
    if (trace) this.#tracer = new Tracer(pool, vocabulary)
  }

  /** Everything so far. */
  get text(): string {
    return this.#stream.text
  }

  /** The stop string that has come. */
  get stop(): string | undefined {
    return this.#stream.stop
  }

  /** The step as text and tokens; tokens behind a stop string are dropped. */
  show(step: Step, pool: PoolReport | undefined): GenerationStep & { tokens: GeneratedToken[] } {
    const shown: GenerationStep & { tokens: GeneratedToken[] } = { text: '', tokens: [] }
    for (const one of step.tokens) {
      if (this.#stream.stopped) break
      const { piece, safe } = this.#stream.push(one.token)
      shown.text += safe
      shown.tokens.push(describe(one, piece, this.#vocabulary))
    }
    if (step.round) shown.widths = step.round.widths
    if (this.#tracer && step.round) shown.trace = this.#tracer.trace(step.round, pool)
    return shown
  }

  /** The text that was held back, in case a stop string began in it. */
  flush(): string {
    return this.#stream.flush()
  }

  close(): void {
    this.#tracer?.close()
  }
}

function describe({ token, origin, source, logprob, topLogprobs }: EmittedToken, text: string, vocabulary: Vocabulary): GeneratedToken {
  return {
    id: token,
    text,
    origin,
    ...(source && { source }),
    ...(logprob !== undefined && { logprob }),
    ...(topLogprobs && {
      topLogprobs: topLogprobs.map((other) => ({
        id: other.token,
        text: vocabulary.detokenize([other.token], true),
        logprob: other.logprob,
      })),
    }),
  }
}

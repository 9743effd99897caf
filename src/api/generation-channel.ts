import type { Generation, GenerationResult, GenerationStep, Started } from './types.ts'

/** One generation as its reader sees it: steps as they come, then the result. Leaving the loop early aborts. */
export class GenerationChannel implements Generation {
  readonly started: Promise<Started | undefined>
  readonly result: Promise<GenerationResult>
  #begin: ((started: Started | undefined) => void) | undefined
  readonly #abort: () => void
  readonly #signal: AbortSignal | undefined
  readonly #steps: GenerationStep[] = []
  #settle: { resolve(result: GenerationResult): void; reject(error: Error): void } | undefined
  readonly #waiting = new Set<() => void>()
  #done = false
  #error: Error | undefined

  constructor(abort: () => void, signal: AbortSignal | undefined) {
    this.#abort = abort
    this.#signal = signal
    signal?.addEventListener('abort', abort, { once: true })
    this.result = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    const begun = new Promise<Started | undefined>((resolve) => {
      this.#begin = resolve
    })
    this.started = Promise.race([begun, this.result.then(() => undefined)])
    this.started.catch(() => {})
    // Who only reads the steps learns of an error there.
    this.result.catch(() => {})
  }

  start(started: Started): void {
    this.#begin?.(started)
  }

  push(step: GenerationStep): void {
    this.#steps.push(step)
    this.#wake()
  }

  finish(result: GenerationResult): void {
    this.#end()
    this.#settle?.resolve(result)
  }

  fail(error: Error): void {
    this.#error = error
    this.#end()
    this.#settle?.reject(error)
  }

  /** Several readers share the steps. */
  async *[Symbol.asyncIterator](): AsyncGenerator<GenerationStep, void, undefined> {
    try {
      for (;;) {
        const step = this.#steps.shift()
        if (step) yield step
        else if (this.#error) throw this.#error
        else if (this.#done) return
        else await new Promise<void>((resolve) => this.#waiting.add(resolve))
      }
    } finally {
      if (!this.#done) this.#abort()
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }

  #end(): void {
    this.#done = true
    this.#signal?.removeEventListener('abort', this.#abort)
    this.#wake()
  }
}

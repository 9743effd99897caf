import { ApiError } from './openai-error.ts'
import type { Limits } from './options.ts'

/** Who asked: a key's place in the list, or one for all where there are no keys. */
export type Client = string

interface Account {
  running: number
  /** Requests that may still be made now; refilled over time. */
  allowance: number
  at: number
}

/** Keeps the limits on answers at once and on requests per minute. */
export class Admission {
  readonly #slots: number
  readonly #limits: Pick<Limits, 'queued' | 'perKey' | 'perMinute'>
  readonly #now: () => number
  readonly #accounts = new Map<Client, Account>()
  #running = 0
  /** Seconds of an answer, smoothed: how long to wait before trying again. */
  #seconds = 1

  constructor(slots: number, limits: Pick<Limits, 'queued' | 'perKey' | 'perMinute'>, now: () => number = () => performance.now()) {
    this.#slots = slots
    this.#limits = limits
    this.#now = now
  }

  /** Answers that have a slot, and those that wait for one. */
  get processing(): number {
    return Math.min(this.#running, this.#slots)
  }

  get deferred(): number {
    return this.#running - this.processing
  }

  /** Counts a request. Throws a refusal with the time after which to try again. */
  count(client: Client): void {
    const { perMinute } = this.#limits
    if (perMinute === Number.POSITIVE_INFINITY) return
    const account = this.#account(client)
    const now = this.#now()
    account.allowance = Math.min(perMinute, account.allowance + ((now - account.at) / 60_000) * perMinute)
    account.at = now
    if (account.allowance < 1) {
      const retryAfter = Math.ceil(((1 - account.allowance) / perMinute) * 60)
      throw new ApiError(429, `more than ${perMinute} requests a minute: try again in ${retryAfter} s`, {
        code: 'rate_limit_exceeded',
        retryAfter,
      })
    }
    account.allowance--
  }

  /** Lets `answers` more in; the function that is returned lets them out again. Throws a refusal. */
  enter(client: Client, answers: number): () => void {
    const account = this.#account(client)
    const { perKey, queued } = this.#limits
    const retryAfter = Math.max(1, Math.ceil(this.#seconds))
    if (account.running + answers > perKey)
      throw new ApiError(429, `at most ${perKey} answers at once: ${account.running} are running`, {
        code: 'concurrency_exceeded',
        retryAfter,
      })
    if (this.#running + answers > this.#slots + queued)
      throw new ApiError(429, `${this.deferred} answers are waiting already: try again later`, { code: 'queue_full', retryAfter })
    this.#running += answers
    account.running += answers
    const began = this.#now()
    let isIn = true
    return () => {
      if (!isIn) return
      isIn = false
      this.#running -= answers
      account.running -= answers
      this.#seconds += ((this.#now() - began) / 1000 - this.#seconds) / 8
    }
  }

  #account(client: Client): Account {
    const known = this.#accounts.get(client)
    if (known) return known
    const made = { running: 0, allowance: this.#limits.perMinute, at: this.#now() }
    this.#accounts.set(client, made)
    return made
  }
}

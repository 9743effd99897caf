import type { ForwardInput, Logits, Model } from '../model.ts'

/** A pass that waits for its turn, and who goes on with its logits. */
interface Waiting {
  readonly seat: ScheduledSession
  readonly pass: ForwardInput
  advance(logits: Logits): void
  fail(error: unknown): void
}

/** Draft passes in a row while a session waits for the target. */
const PATIENCE = 16
/** Prompt tokens per pass: with nobody else there; in company where nothing is measured yet; at least. */
const CHUNK = { alone: 256, company: 32, least: 16 }
/** A running answer waits at most about so many milliseconds for a chunk of another one's prompt. */
const STALL_MS = 200

/**
 * Continuous batching: all sessions' draft trees go through the draft model in one pass, all verification trees through the
 * target in one pass. A session alone is run as `drive` would. Who waits longest goes first; a chunk of a prompt rides
 * along with the answers, one at a time, so that they do not stall. Does nothing by itself: someone calls `turn`.
 */
export class Scheduler {
  readonly #target: Model
  readonly #now: () => number
  readonly #seats = new Set<ScheduledSession>()
  /** Longest waiting first. */
  #waiting: Waiting[] = []
  #draftTurns = 0
  /** Milliseconds per token of wide passes. */
  readonly #pace = new Map<Model, number>()

  /** `now` = a clock in milliseconds, where times are wanted. */
  constructor(target: Model, now: () => number = () => 0) {
    this.#target = target
    this.#now = now
  }

  /** Whether no pass is waiting. */
  get idle(): boolean {
    return this.#waiting.length === 0
  }

  /** Prompt tokens that a pass of this model should read, so that other sessions do not stall. */
  promptChunk(model: Model): number {
    if (this.#seats.size <= 1) return CHUNK.alone
    const pace = this.#pace.get(model)
    return pace ? Math.max(CHUNK.least, Math.min(CHUNK.alone, Math.floor(STALL_MS / pace))) : CHUNK.company
  }

  /** A place for one more session. */
  join(): ScheduledSession {
    const seat: ScheduledSession = new ScheduledSession(
      () => this.#beside(seat),
      (steps) => this.#run(seat, steps),
      () => this.#seats.delete(seat),
    )
    this.#seats.add(seat)
    return seat
  }

  /** Runs one joint pass and lets its sessions go on to their next one. */
  turn(): void {
    const group = this.#choose()
    if (group.length === 0) return
    const chosen = new Set(group)
    this.#waiting = this.#waiting.filter((one) => !chosen.has(one))
    this.#forward(group)
  }

  #forward(group: readonly Waiting[]): void {
    const { model } = (group[0] as Waiting).pass.cache
    const began = this.#now()
    let logits: readonly Logits[]
    try {
      logits = model.forward(group.map(({ pass }) => pass))
    } catch (error) {
      // One session's fault is not the others': each tries again alone.
      if (group.length > 1) for (const one of group) this.#forward([one])
      else group[0]?.fail(error)
      return
    }
    const milliseconds = this.#now() - began
    const tokens = group.reduce((sum, { pass }) => sum + pass.tree.size, 0)
    if (tokens >= CHUNK.least) this.#pace.set(model, milliseconds / tokens)
    group.forEach((one, i) => {
      one.seat.spent[model === this.#target ? 'target' : 'draft'] += milliseconds
      if (model === this.#target) one.seat.width = one.pass.tree.size
      one.advance(logits[i] as Logits)
    })
  }

  /** The passes of the next turn: of one model, those that waited longest, as many as fit. */
  #choose(): Waiting[] {
    const targets = this.#waiting.filter(({ pass }) => pass.cache.model === this.#target)
    const drafts = this.#waiting.filter(({ pass }) => pass.cache.model !== this.#target)
    const drafting = drafts.length > 0 && (targets.length === 0 || this.#draftTurns < PATIENCE)
    const candidates = drafting ? drafts : targets
    const answers = candidates.some(({ pass }) => !pass.prompt)
    const { maxBatch } = candidates[0]?.pass.cache.model ?? this.#target
    const group: Waiting[] = []
    let room = maxBatch
    let prompts = 0
    for (const one of candidates) {
      const { tree, prompt } = one.pass
      if (tree.size > room || (prompt && answers && prompts > 0)) continue
      group.push(one)
      room -= tree.size
      if (prompt) prompts++
    }
    // Whoever waits for the target does not wait for a prompt on the draft model as well.
    this.#draftTurns = !drafting ? 0 : prompts > 0 ? PATIENCE : this.#draftTurns + 1
    return group
  }

  #run<T>(seat: ScheduledSession, steps: Generator<ForwardInput, T, Logits>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const waitFor = (next: IteratorResult<ForwardInput, T>): void => {
        seat.cancelPass = undefined
        if (next.done) {
          resolve(next.value)
          return
        }
        const waiting: Waiting = { seat, pass: next.value, advance, fail: reject }
        this.#waiting.push(waiting)
        seat.cancelPass = () => {
          this.#waiting = this.#waiting.filter((one) => one !== waiting)
          resolve(undefined)
        }
      }
      const resume = (step: () => IteratorResult<ForwardInput, T>): void => {
        const began = this.#now()
        try {
          const next = step()
          seat.spent.own += this.#now() - began
          waitFor(next)
        } catch (error) {
          seat.cancelPass = undefined
          reject(error)
        }
      }
      const advance = (logits: Logits): void => resume(() => steps.next(logits))
      resume(() => steps.next())
    })
  }

  #beside(seat: ScheduledSession): number {
    let tokens = 0
    for (const other of this.#seats) if (other !== seat) tokens += other.width
    for (const { seat: other, pass } of this.#waiting) {
      if (other !== seat && pass.cache.model === this.#target) tokens += pass.tree.size - other.width
    }
    return tokens
  }
}

/** One session's place in a scheduler. */
export class ScheduledSession {
  /** Milliseconds: in draft and target passes that it took part in, and in its own work between them. */
  readonly spent = { draft: 0, target: 0, own: 0 }
  /** Tokens of its last target pass. */
  width = 0
  /** Set while a pass is waiting. */
  cancelPass: (() => void) | undefined
  readonly #beside: () => number
  readonly #run: <T>(steps: Generator<ForwardInput, T, Logits>) => Promise<T | undefined>
  readonly #leave: () => void

  constructor(beside: () => number, run: <T>(steps: Generator<ForwardInput, T, Logits>) => Promise<T | undefined>, leave: () => void) {
    this.#beside = beside
    this.#run = run
    this.#leave = leave
  }

  /** Tokens that the other sessions are expected to put into the same target pass; 0 alone. */
  get otherTokens(): number {
    return this.#beside()
  }

  /** Answers the generator's passes in joint passes; undefined if it was cancelled on the way. One at a time. */
  run<T>(steps: Generator<ForwardInput, T, Logits>): Promise<T | undefined> {
    return this.#run(steps)
  }

  /** Gives up what `run` is waiting for, at once. */
  cancel(): void {
    this.cancelPass?.()
    this.cancelPass = undefined
  }

  /** The session is over. */
  leave(): void {
    this.cancel()
    this.#leave()
  }
}

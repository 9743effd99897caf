import type { ForwardInput, Logits, Model } from '../model.ts'

/** A pass that waits for its turn, and whose it is. */
interface Waiting {
  readonly session: ScheduledSession
  readonly pass: ForwardInput
}

/** Draft passes in a row while a session waits for the target. */
const PATIENCE = 16
/** Prompt tokens per pass: of a session alone; of one among others where nothing is measured yet; at least. */
const CHUNK = { alone: 256, shared: 32, least: 16 }
/** A running answer waits about this many milliseconds at most for a chunk of another session's prompt. */
const STALL_MS = 200
/** How fast a session's share of its draft passes follows the last one. */
const SHARE_WEIGHT = 0.1

/**
 * Continuous batching: all sessions' draft trees go through the draft model in one pass, all verification trees through the
 * target in one pass. A session alone is run as `drive` would. The longest waiting goes first; one chunk of a prompt rides
 * along with the answers, so that they do not stall. Nothing runs until `turn` is called.
 */
export class Scheduler {
  /** A clock in milliseconds. */
  readonly now: () => number
  readonly #target: Model
  readonly #sessions = new Set<ScheduledSession>()
  /** Longest waiting first. */
  #waiting: Waiting[] = []
  #draftTurns = 0
  /** Milliseconds per token of wide passes. */
  readonly #pace = new Map<Model, number>()

  /** `now` = a clock in milliseconds, where times are wanted. */
  constructor(target: Model, now: () => number = () => 0) {
    this.#target = target
    this.now = now
  }

  /** Whether no pass is waiting. */
  get idle(): boolean {
    return this.#waiting.length === 0
  }

  /** Prompt tokens that a pass of this model should read, so that other sessions do not stall. */
  promptChunk(model: Model): number {
    if (this.#sessions.size <= 1) return CHUNK.alone
    const pace = this.#pace.get(model)
    return pace ? Math.max(CHUNK.least, Math.min(CHUNK.alone, Math.floor(STALL_MS / pace))) : CHUNK.shared
  }

  /** Admits one more session. */
  join(): ScheduledSession {
    const session = new ScheduledSession(this)
    this.#sessions.add(session)
    return session
  }

  /** A session's next pass, for a later turn. */
  enqueue(session: ScheduledSession, pass: ForwardInput): void {
    this.#waiting.push({ session, pass })
  }

  /** Drops a session's waiting pass. */
  withdraw(session: ScheduledSession): void {
    this.#waiting = this.#waiting.filter((one) => one.session !== session)
  }

  remove(session: ScheduledSession): void {
    this.#sessions.delete(session)
  }

  /** Sessions beside one of them. */
  get otherSessions(): number {
    return this.#sessions.size - 1
  }

  /** Tokens that the other sessions are expected to put into this one's next target pass. */
  otherTokens(session: ScheduledSession): number {
    let tokens = 0
    for (const other of this.#sessions) if (other !== session) tokens += other.width
    for (const { session: other, pass } of this.#waiting) {
      if (other !== session && pass.cache.model === this.#target) tokens += pass.tree.size - other.width
    }
    return tokens
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
    const began = this.now()
    let logits: readonly Logits[]
    try {
      logits = model.forward(group.map(({ pass }) => pass))
    } catch (error) {
      // One session's fault is not the others': each tries again alone.
      if (group.length > 1) for (const one of group) this.#forward([one])
      else group[0]?.session.fail(error)
      return
    }
    const milliseconds = this.now() - began
    const tokens = group.reduce((sum, { pass }) => sum + pass.tree.size, 0)
    if (tokens >= CHUNK.least) this.#pace.set(model, milliseconds / tokens)
    group.forEach(({ session, pass }, i) => {
      session.spent[model === this.#target ? 'target' : 'draft'] += milliseconds
      if (model === this.#target) session.width = pass.tree.size
      else if (!pass.prompt) session.drafted(group.length)
      session.resume(logits[i])
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
    // A session that waits for the target need not also wait for a prompt on the draft model.
    this.#draftTurns = !drafting ? 0 : prompts > 0 ? PATIENCE : this.#draftTurns + 1
    return group
  }
}

/** A generator of passes that is being run, and its promise. */
interface Run {
  readonly steps: Generator<ForwardInput, unknown, Logits>
  resolve(value: unknown): void
  reject(error: unknown): void
}

/** One session of a scheduler. */
export class ScheduledSession {
  /** Milliseconds: in draft and target passes that it took part in, and in its own work between them. */
  readonly spent = { draft: 0, target: 0, own: 0 }
  /** Tokens of its last target pass. */
  width = 0
  readonly #scheduler: Scheduler
  #run: Run | undefined
  #draftShare: number | undefined

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  /** Tokens that the other sessions are expected to put into the same target pass; 0 alone. */
  get otherTokens(): number {
    return this.#scheduler.otherTokens(this)
  }

  /** Sessions that share the passes. */
  get otherSessions(): number {
    return this.#scheduler.otherSessions
  }

  /** Part of a draft pass that this session is to bear, as its last ones went; at first all sessions are expected to draft together. */
  get draftShare(): number {
    return this.otherSessions === 0 ? 1 : (this.#draftShare ?? 1 / (1 + this.otherSessions))
  }

  /** A draft pass was made for so many sessions. */
  drafted(sessions: number): void {
    this.#draftShare = this.draftShare + SHARE_WEIGHT * (1 / sessions - this.draftShare)
  }

  /** Answers the generator's passes in joint passes; undefined if it was cancelled on the way. One at a time. */
  run<T>(steps: Generator<ForwardInput, T, Logits>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.#run = { steps, resolve: resolve as Run['resolve'], reject }
      this.resume()
    })
  }

  /** Works up to the next pass; `logits` are those of the last one. */
  resume(logits?: Logits): void {
    const run = this.#run
    if (!run) return
    const began = this.#scheduler.now()
    try {
      const next = run.steps.next(logits as Logits)
      this.spent.own += this.#scheduler.now() - began
      if (next.done) this.#end()?.resolve(next.value)
      else this.#scheduler.enqueue(this, next.value)
    } catch (error) {
      this.fail(error)
    }
  }

  /** Rejects what `run` has promised. */
  fail(error: unknown): void {
    this.#end()?.reject(error)
  }

  /** Gives up what `run` is waiting for, at once. */
  cancel(): void {
    this.#scheduler.withdraw(this)
    this.#end()?.resolve(undefined)
  }

  /** The session is over. */
  leave(): void {
    this.cancel()
    this.#scheduler.remove(this)
  }

  #end(): Run | undefined {
    const run = this.#run
    this.#run = undefined
    return run
  }
}

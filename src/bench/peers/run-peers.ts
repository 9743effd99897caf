import type { Engine } from '../../engine/api.ts'
import type { PeerPrograms } from '../../engines/llama-peer.ts'
import { measure } from '../measure.ts'
import { type Contender, runRound } from '../round.ts'
import type { Observer, Plan } from '../runner.ts'
import { TUNING_PROMPTS, TUNING_TOKENS, tune } from '../tune.ts'
import { DRAFT_MODES, NGRAM_MODES, type PeerMode, type PeerSetting, PLAIN_MODE, PLAIN_PEER } from './arguments.ts'
import { runLookahead } from './llama-lookahead.ts'
import { LlamaServer } from './llama-server.ts'

/**
 * Measures llama.cpp's own speculation on the plan's prompts with the models of a loaded engine: a server per mode, all at once, so that
 * they can take turns; our plain decoding takes its turn among them. Throws E_ENGINE; the signal's reason when aborted.
 */
export async function runPeers(
  programs: PeerPrograms,
  engine: Engine,
  target: string,
  plan: Plan,
  observer: Observer,
  signal: AbortSignal,
): Promise<void> {
  const { facts } = engine
  const setting: PeerSetting = {
    model: facts.target.file,
    draft: facts.draft?.file ?? null,
    contextLength: facts.contextLength,
    threads: facts.threads,
  }
  await using servers = new ServerPool(programs.server, setting, signal)
  const lengths = setting.draft === null ? new Map<string, PeerMode>() : await tuneDraftModes(servers, target, plan, observer)
  await servers.keep([PLAIN_MODE, ...NGRAM_MODES, ...lengths.values()])

  const { maxTokens, temperature, seed, repeat } = plan
  const request = { maxTokens, temperature, seed }
  const rendered = new Map<string, string>()
  const render = async (prompt: string) => {
    const known = rendered.get(prompt) ?? (await servers.of(PLAIN_MODE).render(prompt))
    rendered.set(prompt, known)
    return known
  }
  const contender = (mode: PeerMode): Contender => ({
    name: mode.name,
    run: async (prompt) => await servers.of(mode).complete(await render(prompt), request),
  })
  const lookahead: Contender = {
    name: `${PLAIN_PEER} lookahead`,
    run: async (prompt) => await runLookahead(programs.lookahead, setting, await render(prompt), request, signal),
  }
  const vanilla: Contender = {
    name: 'vanilla',
    run: (prompt) => measure(engine, { ...request, method: 'vanilla', messages: [{ role: 'user', content: prompt }] }, signal),
  }
  for (const { task, prompts } of plan.tasks) {
    const draft = lengths.get(task.name)
    const others = [...(draft ? [draft] : []), ...NGRAM_MODES].map(contender)
    const round = { target, task: task.name, prompts: prompts.measured, repeat, plain: contender(PLAIN_MODE), vanilla }
    await runRound({ ...round, others: [...others, lookahead] }, (samples) => observer.prompt(samples))
  }
}

/** The draft length of each task, found on prompts that are not measured. */
async function tuneDraftModes(servers: ServerPool, target: string, plan: Plan, observer: Observer): Promise<Map<string, PeerMode>> {
  await servers.keep(DRAFT_MODES)
  const { temperature, seed } = plan
  const request = { maxTokens: Math.min(TUNING_TOKENS, plan.maxTokens), temperature, seed }
  const chosen = new Map<string, PeerMode>()
  for (const { task, prompts } of plan.tasks) {
    const others = prompts.others.slice(0, TUNING_PROMPTS)
    const best = await tune(DRAFT_MODES, others, async (mode, prompt) => {
      const server = servers.of(mode)
      return await server.complete(await server.render(prompt), request)
    })
    const mode = best ?? (DRAFT_MODES.find(({ draftLength }) => draftLength === 3) as PeerMode)
    chosen.set(task.name, mode)
    const how = best ? `tuned on other prompts: ${others.length}` : 'its default: there are no other prompts'
    const tried = DRAFT_MODES.map(({ draftLength }) => draftLength).join(', ')
    observer.note(`${target}, ${task.name}: ${mode.name} drafts at most ${mode.draftLength} tokens (of ${tried}; ${how})`)
  }
  return chosen
}

/** One running server per mode. */
class ServerPool implements AsyncDisposable {
  readonly #program: string
  readonly #setting: PeerSetting
  readonly #signal: AbortSignal
  readonly #servers = new Map<PeerMode, LlamaServer>()

  constructor(program: string, setting: PeerSetting, signal: AbortSignal) {
    this.#program = program
    this.#setting = setting
    this.#signal = signal
  }

  of(mode: PeerMode): LlamaServer {
    return this.#servers.get(mode) as LlamaServer
  }

  /** Ends the servers of other modes, then starts those that are missing, one after another: each needs memory of its own. */
  async keep(modes: readonly PeerMode[]): Promise<void> {
    for (const [mode, server] of this.#servers) {
      if (modes.includes(mode)) continue
      await server[Symbol.asyncDispose]()
      this.#servers.delete(mode)
    }
    for (const mode of modes) {
      if (!this.#servers.has(mode)) this.#servers.set(mode, await LlamaServer.start(this.#program, mode, this.#setting, this.#signal))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers.values()) await server[Symbol.asyncDispose]()
    this.#servers.clear()
  }
}

import type { ChatMessage } from '../../api/chat.ts'
import type { Engine } from '../../api/types.ts'
import type { PeerName, PeerPrograms } from '../../builds/peers.ts'
import { measure } from '../measure.ts'
import { runRound } from '../round.ts'
import type { Observer, Plan } from '../runner.ts'
import { TUNING_PROMPTS, TUNING_TOKENS, tune } from '../tune.ts'
import type { Contender } from '../turn.ts'
import { PEERS, type Peer, type PeerMode, type PeerSetting } from './arguments.ts'
import { runLookahead } from './llama-lookahead.ts'
import { ServerPool } from './server-pool.ts'

/** What a draft model that keeps the last text is given to read between two turns, so that it has not seen the answer before. */
const OTHER_TEXT: readonly ChatMessage[] = [{ role: 'user', content: 'Count from one to ten.' }]

/**
 * Measures a peer's own speculation on the plan's prompts with the models of a loaded engine: a server per mode, all at once, so that
 * they can take turns; our plain decoding takes its turn among them. Throws E_ENGINE; the signal's reason when aborted.
 */
export async function runPeer(
  name: PeerName,
  { server, lookahead }: PeerPrograms,
  engine: Engine,
  target: string,
  plan: Plan,
  observer: Observer,
  signal: AbortSignal,
): Promise<void> {
  const { facts } = engine
  const peer = PEERS[name]
  const setting: PeerSetting = {
    model: facts.target.file,
    draft: facts.draft?.file ?? null,
    contextLength: facts.contextLength,
    threads: facts.threads,
  }
  await using servers = new ServerPool(server, peer, setting, signal)
  const lengths = setting.draft === null ? new Map<string, PeerMode>() : await tuneDraftModes(peer, servers, target, plan, observer)
  await servers.keep([peer.plain, ...peer.ngram, ...lengths.values()])

  const { maxTokens, temperature, seed, repeat } = plan
  const request = { maxTokens, temperature, seed }
  const rendered = new WeakMap<readonly ChatMessage[], string>()
  const render = async (messages: readonly ChatMessage[]) => {
    const text = rendered.get(messages) ?? (await servers.of(peer.plain).render(messages))
    rendered.set(messages, text)
    return text
  }
  const contender = (mode: PeerMode): Contender => ({
    name: mode.name,
    once: mode.learns === true,
    run: async (messages) => {
      const server = servers.of(mode)
      const prompt = await render(messages)
      if (peer.keepsDrafts && mode.draftLength !== undefined) await server.complete(await render(OTHER_TEXT), { ...request, maxTokens: 16 })
      const measured = await server.complete(prompt, request)
      return peer.tellsAccepted || mode === peer.plain ? measured : { ...measured, targetPasses: null }
    },
  })
  const programs: Contender[] =
    lookahead === undefined
      ? []
      : [
          {
            name: `${peer.name} lookahead`,
            run: async (messages) => await runLookahead(lookahead, setting, await render(messages), request, signal),
          },
        ]
  const vanilla: Contender = {
    name: 'vanilla',
    run: (messages) => measure(engine, { ...request, method: 'vanilla', messages }, signal),
  }
  for (const { task, prompts } of plan.tasks) {
    const draft = lengths.get(task.name)
    const others = [...[...(draft ? [draft] : []), ...peer.ngram].map(contender), ...programs]
    const round = { target, task: task.name, questions: prompts.measured, repeat, plain: contender(peer.plain), others, vanilla }
    await runRound(round, (samples) => observer.prompt(samples))
  }
}

/** The draft length of each task, found on prompts that are not measured. */
async function tuneDraftModes(
  { drafting, plain }: Peer,
  servers: ServerPool,
  target: string,
  plan: Plan,
  observer: Observer,
): Promise<Map<string, PeerMode>> {
  const { modes, usual } = drafting
  await servers.keep([plain, ...modes])
  const { temperature, seed } = plan
  const request = { maxTokens: Math.min(TUNING_TOKENS, plan.maxTokens), temperature, seed }
  const chosen = new Map<string, PeerMode>()
  for (const { task, prompts } of plan.tasks) {
    const others = prompts.others.slice(0, TUNING_PROMPTS)
    const best = await tune(modes, others, async (mode, prompt) => {
      const rendered = await servers.of(plain).render([{ role: 'user', content: prompt }])
      return await servers.of(mode).complete(rendered, request)
    })
    const mode = best ?? (modes.find(({ draftLength }) => draftLength === usual) as PeerMode)
    chosen.set(task.name, mode)
    const how = best ? `tuned on other prompts: ${others.length}` : 'its default: there are no other prompts'
    const tried = modes.map(({ draftLength }) => draftLength).join(', ')
    observer.note(`${target}, ${task.name}: ${mode.name} drafts at most ${mode.draftLength} tokens (of ${tried}; ${how})`)
  }
  return chosen
}

import type { PeerName } from '../../builds/peers.ts'

/** What a peer's program is started with, the same as our engine has. */
export interface PeerSetting {
  readonly model: string
  readonly draft: string | null
  readonly contextLength: number
  readonly threads: number
}

/** One way in which a peer's server writes. */
export interface PeerMode {
  /** The row's name. */
  readonly name: string
  readonly flags: readonly string[]
  /** It keeps what it has seen over requests. */
  readonly learns?: boolean
  /** Draft tokens at most, where a draft model writes them. */
  readonly draftLength?: number
}

/** A program with a server of llama.cpp's kind, and its own ways of drafting. */
export interface Peer {
  readonly name: PeerName
  /** Without speculation: the base of the other modes. */
  readonly plain: PeerMode
  /** Drafts from the text alone, with the values of the program's own guide. */
  readonly ngram: readonly PeerMode[]
  /** Draft lengths tried, and which one is taken where they cannot be tried. */
  readonly drafting: { readonly modes: readonly PeerMode[]; readonly usual: number }
  /** What its users would set for all modes on a processor. */
  readonly flags: readonly string[]
  /** Its answers say how many draft tokens were accepted. */
  readonly tellsAccepted: boolean
  /** The draft model keeps the last text, answer included: asked the same again, it would repeat it without a pass. */
  readonly keepsDrafts: boolean
  draftFlags(draft: string, length: number, threads: number): readonly string[]
}

const LLAMA: Peer = {
  name: 'llama.cpp',
  plain: { name: 'llama.cpp', flags: ['--spec-type', 'none'] },
  ngram: [
    { name: 'llama.cpp ngram-mod', flags: ['--spec-type', 'ngram-mod'], learns: true },
    { name: 'llama.cpp ngram-map-k', flags: ['--spec-type', 'ngram-map-k'] },
    { name: 'llama.cpp ngram-cache', flags: ['--spec-type', 'ngram-cache'], learns: true },
  ],
  drafting: { modes: draftModes('llama.cpp draft-simple', [2, 3, 4, 6]), usual: 3 },
  flags: ['--offline', '--no-ui', '--fit', 'off'],
  tellsAccepted: true,
  keepsDrafts: false,
  draftFlags: (draft, length, threads) => [
    ...['--spec-type', 'draft-simple', '--spec-draft-model', draft],
    ...['--spec-draft-n-max', String(length), '--spec-draft-threads', String(threads)],
  ],
}

const IK: Peer = {
  name: 'ik_llama.cpp',
  plain: { name: 'ik_llama.cpp', flags: [] },
  ngram: [
    {
      name: 'ik_llama.cpp ngram-mod',
      flags: ['--spec-type', 'ngram-mod', '--spec-ngram-size-n', '24', '--draft-min', '48', '--draft-max', '64'],
      learns: true,
    },
    { name: 'ik_llama.cpp ngram-map-k', flags: ['--spec-type', 'ngram-map-k', '--draft-max', '64'] },
    { name: 'ik_llama.cpp ngram-cache', flags: ['--spec-type', 'ngram-cache'], learns: true },
  ],
  // Its drafts end by themselves where the draft model is unsure (--draft-p-min 0.75).
  drafting: { modes: draftModes('ik_llama.cpp draft', [2, 4, 8, 16]), usual: 16 },
  // Its fused operations and graph reuse are on by themselves. Its log would be a file in the user's folder.
  flags: ['--flash-attn', 'on', '--run-time-repack', '--jinja', '--webui', 'none', '--log-disable'],
  tellsAccepted: false,
  keepsDrafts: true,
  // The draft model takes nothing over from the target's flags.
  draftFlags: (draft, length, threads) => [
    ...['--model-draft', draft, '--draft-max', String(length)],
    ...['--draft-params', `--run-time-repack --threads ${threads}`],
  ],
}

export const PEERS: Readonly<Record<PeerName, Peer>> = { 'llama.cpp': LLAMA, 'ik_llama.cpp': IK }

/** The command line of a peer's server. */
export function serverArguments(peer: Peer, mode: PeerMode, setting: PeerSetting, port: number): string[] {
  const { model, draft, contextLength, threads } = setting
  return [
    ...['--model', model, '--ctx-size', String(contextLength), '--threads', String(threads), '--parallel', '1'],
    ...['--host', '127.0.0.1', '--port', String(port), '--cache-ram', '0'],
    ...peer.flags,
    ...mode.flags,
    ...(mode.draftLength !== undefined && draft !== null ? peer.draftFlags(draft, mode.draftLength, threads) : []),
  ]
}

/** llama-lookahead's command line. It writes two tokens more than `--predict` says. */
export function lookaheadArguments(
  { model, contextLength, threads }: PeerSetting,
  request: { promptFile: string; maxTokens: number; temperature: number; seed: number },
): string[] {
  return [
    ...['--model', model, '--ctx-size', String(contextLength), '--threads', String(threads), '--fit', 'off', '--offline'],
    ...['--file', request.promptFile, '--no-escape', '--predict', String(Math.max(0, request.maxTokens - 2))],
    ...['--temp', String(request.temperature), '--seed', String(request.seed)],
  ]
}

function draftModes(name: string, lengths: readonly number[]): PeerMode[] {
  return lengths.map((draftLength) => ({ name, flags: [], draftLength }))
}

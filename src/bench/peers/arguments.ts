/** What a peer's program is started with, the same as our engine has. */
export interface PeerSetting {
  readonly model: string
  readonly draft: string | null
  readonly contextLength: number
  readonly threads: number
}

/** One way in which llama-server drafts. */
export interface PeerMode {
  /** The row's name. */
  readonly name: string
  readonly specType: 'none' | 'draft-simple' | 'ngram-mod' | 'ngram-map-k' | 'ngram-cache'
  /** Draft tokens at most; `draft-simple` only. */
  readonly draftLength?: number
}

/** Row name of llama.cpp without speculation: the base of its other modes. */
export const PLAIN_PEER = 'llama.cpp'

export const PLAIN_MODE: PeerMode = { name: PLAIN_PEER, specType: 'none' }

/** Modes that draft from the text alone; nothing of them is tuned per task in llama.cpp's guides. */
export const NGRAM_MODES: readonly PeerMode[] = (['ngram-mod', 'ngram-map-k', 'ngram-cache'] as const).map((specType) => ({
  name: `${PLAIN_PEER} ${specType}`,
  specType,
}))

/** Draft lengths tried for `draft-simple`; the program's own default is 3. */
export const DRAFT_MODES: readonly PeerMode[] = [2, 3, 4, 6].map((draftLength) => ({
  name: `${PLAIN_PEER} draft-simple`,
  specType: 'draft-simple',
  draftLength,
}))

/** llama-server's command line. */
export function serverArguments(mode: PeerMode, { model, draft, contextLength, threads }: PeerSetting, port: number): string[] {
  return [
    ...['--model', model, '--ctx-size', String(contextLength), '--threads', String(threads), '--parallel', '1'],
    ...['--host', '127.0.0.1', '--port', String(port), '--offline', '--no-ui', '--fit', 'off', '--cache-ram', '0'],
    ...['--spec-type', mode.specType],
    ...(mode.specType === 'draft-simple' && draft !== null
      ? ['--spec-draft-model', draft, '--spec-draft-n-max', String(mode.draftLength), '--spec-draft-threads', String(threads)]
      : []),
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

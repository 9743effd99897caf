import { type Peer, type PeerMode, type PeerSetting, serverArguments } from './arguments.ts'
import { LlamaServer } from './llama-server.ts'

/** One running server per mode of a peer. */
export class ServerPool implements AsyncDisposable {
  readonly #program: string
  readonly #peer: Peer
  readonly #setting: PeerSetting
  readonly #signal: AbortSignal
  readonly #servers = new Map<PeerMode, LlamaServer>()

  constructor(program: string, peer: Peer, setting: PeerSetting, signal: AbortSignal) {
    this.#program = program
    this.#peer = peer
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
    for (const mode of modes) if (!this.#servers.has(mode)) this.#servers.set(mode, await this.#start(mode))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers.values()) await server[Symbol.asyncDispose]()
    this.#servers.clear()
  }

  async #start(mode: PeerMode): Promise<LlamaServer> {
    const args = (port: number) => serverArguments(this.#peer, mode, this.#setting, port)
    return await LlamaServer.start(this.#program, mode.name, args, this.#signal)
  }
}

import type { Engine, LoadOptions } from '../engine/api.ts'
import type { PeerPrograms } from '../engines/llama-peer.ts'
import type { SourceOptions } from '../engines/llama-source.ts'
import { processTerminal, type Terminal } from './terminal.ts'

/** What commands stand on; tests give their own. */
export interface World {
  readonly terminal: Terminal
  load(options: LoadOptions): Promise<Engine>
  devices(): Promise<readonly string[]>
  /** llama.cpp's own programs, compiled if they are not there. */
  buildPeers(options: SourceOptions): Promise<PeerPrograms>
}

/** The process's terminal and the real engine, which is imported when first needed. */
export function processWorld(): World {
  return {
    terminal: processTerminal(),
    load: async (options) => (await import('../engine/handle.ts')).load(options),
    devices: async () => (await import('../engine/devices.ts')).devices(),
    buildPeers: async (options) => (await import('../engines/llama-peer.ts')).buildPeers(options),
  }
}

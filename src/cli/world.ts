import type { Engine, LoadOptions } from '../engine/api.ts'
import { processTerminal, type Terminal } from './terminal.ts'

/** What `run` stands on; tests give their own. */
export interface World {
  readonly terminal: Terminal
  load(options: LoadOptions): Promise<Engine>
  devices(): Promise<readonly string[]>
}

/** The process's terminal and the real engine, which is imported when first needed. */
export function processWorld(): World {
  return {
    terminal: processTerminal(),
    load: async (options) => (await import('../engine/handle.ts')).load(options),
    devices: async () => (await import('../engine/devices.ts')).devices(),
  }
}

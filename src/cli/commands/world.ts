import { spawn } from 'node:child_process'
import type { Engine, LoadOptions } from '../../api/types.ts'
import type { BuildOptions } from '../../builds/build-folder.ts'
import type { PeerName, PeerPrograms } from '../../builds/peers.ts'
import type { Vocabulary } from '../../llama/vocabulary.ts'
import { processTerminal, type Terminal } from '../views/terminal.ts'

/** Text to tokens of one vocabulary, and back. */
export type TextVocabulary = Pick<Vocabulary, 'identity' | 'size' | 'tokenize' | 'detokenize'>

/** What commands stand on; tests give their own. */
export interface World {
  readonly terminal: Terminal
  load(options: LoadOptions): Promise<Engine>
  devices(library?: string): Promise<readonly string[]>
  /** Opens the vocabulary of a model, without its weights. */
  withVocabulary<T>(model: string, use: (vocabulary: TextVocabulary) => Promise<T>): Promise<T>
  /** Opens a page in the user's browser. */
  open(url: string, onFailure: () => void): void
  /** Another program to be measured, compiled if it is not there. */
  buildPeer(name: PeerName, options: BuildOptions): Promise<PeerPrograms>
}

/** The process's terminal and the real engine, which is imported when first needed. */
export function processWorld(): World {
  return {
    terminal: processTerminal(),
    load: async (options) => (await import('../../runtime/engine.ts')).load(options),
    devices: async (library) => (await import('../../llama/devices.ts')).devices(library),
    withVocabulary: async (model, use) => {
      const [{ resolveModel }, { withVocabulary }] = await Promise.all([
        import('../../models/resolve.ts'),
        import('../../llama/vocabulary-file.ts'),
      ])
      return await withVocabulary(await resolveModel(model), use)
    },
    open: openInBrowser,
    buildPeer: async (name, options) => (await import('../../builds/peers.ts')).buildPeer(name, options),
  }
}

function openInBrowser(url: string, onFailure: () => void): void {
  const openers: Partial<Record<NodeJS.Platform, [string, ...string[]]>> = {
    darwin: ['open'],
    win32: ['rundll32', 'url.dll,FileProtocolHandler'],
  }
  const [command, ...args] = openers[process.platform] ?? ['xdg-open']
  const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true })
  child.on('error', onFailure).on('exit', (code) => code && onFailure())
  child.unref()
}

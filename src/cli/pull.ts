import type { Command } from 'commander'
import { defaultTarget, findEntry } from '../models/catalogue.ts'
import { Interrupted, interruptible } from './interrupt.ts'
import { processTerminal, type Terminal } from './terminal.ts'
import { TransferView } from './transfer-view.ts'

/** `ouroboros pull [MODEL...]`: prints the paths, one a line. */
export function registerPull(program: Command, terminal: Terminal = processTerminal()): void {
  program
    .command('pull')
    .description('download models; goes on where an earlier pull ended')
    .argument('[model...]', `catalogue id or hf:owner/repo/file.gguf (default: ${defaultTarget} and its draft model)`)
    .option('--no-draft', "leave out the targets' draft models")
    .action(async (models: string[], { draft }: { draft: boolean }) => {
      const { pull } = await import('../models/pull.ts')
      const view = new TransferView(terminal.stderr)
      await interruptible(terminal, async (signal) => {
        try {
          for (const model of withDrafts(models.length > 0 ? models : [defaultTarget], draft)) {
            const path = await pull(model, { signal, onProgress: (event) => view.show(event) })
            view.end()
            terminal.stdout.write(`${path}\n`)
          }
        } catch (error) {
          view.end()
          if (!signal.aborted) throw error
          terminal.stderr.write('stopped; pull again to go on from here\n')
          throw new Interrupted()
        }
      })
    })
}

/** The models, each followed by its draft model, without repetition. */
function withDrafts(models: readonly string[], wanted: boolean): Set<string> {
  return new Set(
    models.flatMap((model) => {
      const draft = wanted ? findEntry(model)?.draft : undefined
      return draft ? [model, draft] : [model]
    }),
  )
}

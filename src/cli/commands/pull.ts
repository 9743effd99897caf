import { basename } from 'node:path'
import type { Command } from 'commander'
import { defaultTarget, findEntry } from '../../models/catalog.ts'
import { Interrupted, interruptible } from '../views/interrupt.ts'
import { processTerminal, type Terminal } from '../views/terminal.ts'
import { TransferView } from '../views/transfer-view.ts'

/** `ouroboros pull [MODEL...]`: prints the paths, one a line. */
export function registerPull(program: Command, terminal: Terminal = processTerminal()): void {
  program
    .command('pull')
    .description('download models; goes on where an earlier pull ended')
    .argument('[model...]', `catalog id or hf:owner/repo/file.gguf (default: ${defaultTarget} and its draft model)`)
    .option('--no-draft', "leave out the targets' draft models")
    .option('--no-draft-requantize', 'make no cheaper precision of the draft model')
    .action(async (models: string[], { draft, draftRequantize }: { draft: boolean; draftRequantize: boolean }) => {
      const { pull } = await import('../../models/pull.ts')
      const view = new TransferView(terminal.stderr)
      await interruptible(terminal, async (signal) => {
        try {
          for (const model of withDrafts(models.length > 0 ? models : [defaultTarget], draft)) {
            const path = await pull(model, { signal, onProgress: (event) => view.show(event) })
            view.end()
            terminal.stdout.write(`${path}\n`)
            if (draftRequantize) await requantize(model, path, terminal, signal)
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

/** Makes the cheaper precision of a draft model, where the catalog has one: a minute at most, once. */
async function requantize(model: string, path: string, { stdout, stderr }: Terminal, signal: AbortSignal): Promise<void> {
  if (!findEntry(model)?.fast) return
  const { fastDraft } = await import('../../runtime/fast-draft.ts')
  let told = false
  const made = await fastDraft(model, path, {
    signal,
    onProgress: ({ file }) => {
      if (!told) stderr.write(`making the faster draft ${basename(file)}\n`)
      told = true
    },
    onWarning: (line) => void stderr.write(`${line}\n`),
  })
  if (made !== path) stdout.write(`${made}\n`)
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

import type { Command } from 'commander'
import type { InstalledModel } from '../../models/installed.ts'
import { processTerminal, type Terminal } from '../views/terminal.ts'
import { formatBytes } from '../views/units.ts'

/** `ouroboros models`: what can be pulled, and what is there. */
export function registerModels(program: Command, terminal: Terminal = processTerminal()): void {
  program
    .command('models')
    .description('list the known models and the downloaded ones')
    .option('--json', 'print one JSON object')
    .action(async ({ json }: { json?: boolean }) => {
      const { installedModels } = await import('../../models/installed.ts')
      const { modelsFolder } = await import('../../models/home.ts')
      const models = await installedModels()
      const text = json ? JSON.stringify({ folder: modelsFolder(), models }, null, 2) : table(models, modelsFolder())
      terminal.stdout.write(`${text}\n`)
    })
}

function table(models: readonly InstalledModel[], folder: string): string {
  const rows = [
    ['name', 'state', 'size', 'draft', ''],
    ...models.map((model) => [model.id ?? '-', state(model), size(model), model.draft ?? '-', model.description ?? '']),
  ]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return [...lines, `in ${folder}`].join('\n')
}

/** Of a model that is not there and whose size only the hub knows: none. */
function size({ bytes, total }: InstalledModel): string {
  return total === null && bytes === 0 ? '-' : formatBytes(total ?? bytes)
}

function state({ state, bytes, total }: InstalledModel): string {
  if (state !== 'partial' || total === null) return state
  return `partial (${Math.floor((100 * bytes) / total)}%)`
}

import type { Command } from 'commander'
import type { PassRow } from '../../probe/pass-table.ts'
import { integer } from '../flags/numbers.ts'
import type { World } from './world.ts'

/** `ouroboros bench passes`: T(n) of any file with our kernels and with llama.cpp's, in turn in one process. */
export function registerBenchPasses(bench: Command, { terminal }: World): void {
  bench
    .command('passes')
    .description("what passes over several tokens cost with our kernels and with llama.cpp's, in turn")
    .argument('<model>', 'GGUF file, catalog id or hf:owner/repo/file.gguf')
    .option('-t, --threads <n>', "threads (default: the machine's cores)", integer({ min: 1, max: 1024 }))
    .option('--json', 'print one JSON object')
    .action(async (model: string, { json, threads }: { json?: boolean; threads?: number }) => {
      const { resolveModel } = await import('../../models/index.ts')
      const { measurePasses } = await import('../../probe/pass-table.ts')
      const rows = measurePasses(await resolveModel(model), threads)
      terminal.stdout.write(`${json ? JSON.stringify({ model, rows }, null, 2) : passReport(rows)}\n`)
    })
}

/** The least milliseconds of each shape, and both by the pass over one token behind as many. */
function passReport(rows: readonly PassRow[]): string {
  const lines = rows.map(({ tokens, context, prompt, ours, stock }) => {
    const one = rows.find((row) => row.tokens === 1 && row.context === context)
    const relative = (value: number, single: number | undefined) => (prompt || !single ? '' : `${(value / single).toFixed(2)}x`)
    return [
      (prompt ? `prompt ${tokens}` : String(tokens)).padStart(10),
      String(context).padStart(9),
      ours.toFixed(1).padStart(10),
      relative(ours, one?.ours).padStart(8),
      stock.toFixed(1).padStart(10),
      relative(stock, one?.stock).padStart(8),
      `${(stock / ours).toFixed(2)}x`.padStart(9),
    ].join('')
  })
  return ['    tokens  context      ours  /T(1)      stock  /T(1)   stock/ours', ...lines].join('\n')
}

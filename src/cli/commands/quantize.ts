import type { Command } from 'commander'
import { integer } from '../flags/numbers.ts'
import { processTerminal, type Terminal } from '../views/terminal.ts'

/** `ouroboros quantize IN OUT TYPE`: another precision of a model file, by the engine's own function. */
export function registerQuantize(program: Command, terminal: Terminal = processTerminal()): void {
  program
    .command('quantize')
    .description('write a model file in another precision')
    .argument('<in>', 'GGUF file or catalog id')
    .argument('<out>', 'file to write; must not exist')
    .argument('<type>', 'e.g. Q8_0, Q4_0, Q4_K_M, F16')
    .option('--output-type <type>', 'type of the output layer, e.g. Q4_0 for a faster draft model')
    .option('-t, --threads <n>', "default: the machine's cores", integer({ min: 1 }))
    .action(async (input: string, output: string, type: string, options: { outputType?: string; threads?: number }) => {
      const { quantize } = await import('../../llama/quantize.ts')
      const { resolveModel } = await import('../../models/resolve.ts')
      const source = await resolveModel(input)
      let told = -1
      await quantize(source, output, type, {
        ...options,
        onProgress: ({ done, total, tensor }) => {
          const percent = Math.floor((100 * done) / total)
          if (terminal.stderr.isTTY) terminal.stderr.write(`\r\x1b[K${percent}% ${tensor ?? ''}`)
          else if (percent >= told + 10) terminal.stderr.write(`${percent}%\n`)
          else return
          told = percent
        },
      })
      if (terminal.stderr.isTTY) terminal.stderr.write('\r\x1b[K')
      terminal.stdout.write(`${output}\n`)
    })
}

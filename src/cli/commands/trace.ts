import type { Command } from 'commander'
import picocolors from 'picocolors'
import type { TraceLine } from '../../api/trace-format.ts'
import { OuroborosError } from '../../core/errors.ts'
import { readText } from '../flags/text-file.ts'
import { wantsColor } from '../views/origin-colors.ts'
import { traceReport } from '../views/trace-report.ts'
import type { World } from './world.ts'

/** `ouroboros trace FILE`: a trace for the eye. */
export function registerTrace(program: Command, world: World): void {
  program
    .command('trace')
    .description('show what `run --trace FILE` wrote: each step as a tree')
    .argument('<file>', 'a trace')
    .action((file: string) => {
      const { stdout } = world.terminal
      const paint = picocolors.createColors(wantsColor('auto', world.terminal))
      for (const line of readTrace(file)) stdout.write(`${traceReport(line, paint)}\n`)
    })
}

function readTrace(file: string): TraceLine[] {
  const lines = readText(file)
    .split('\n')
    .filter((line) => line !== '')
  const parsed = lines.map((line, i) => {
    try {
      const value = JSON.parse(line)
      if (['start', 'step', 'end'].includes(value?.type)) return value
    } catch {
      // A run that was killed leaves half a line at the end.
      if (i === lines.length - 1 && i > 0) return undefined
    }
    throw new OuroborosError('E_FILE', `${file} is not a trace: line ${i + 1} is none of run --trace's`)
  })
  if (parsed[0]?.type !== 'start') throw new OuroborosError('E_FILE', `${file} is not a trace: it does not begin with a start line`)
  return parsed.filter(Boolean)
}

import type { Command } from 'commander'
import type { EngineFacts } from '../../api/types.ts'
import { limitOf } from '../../bench/limit.ts'
import { defaultTarget } from '../../models/catalog.ts'
import { addLoadFlags, type LoadFlags } from '../flags/load-flags.ts'
import { loadWithProgress } from './load-progress.ts'
import type { World } from './world.ts'

/** Widest bar, in columns. */
const BAR = 40

/** `ouroboros calibrate`: measures what passes cost on this machine, again, and shows it. */
export function registerCalibrate(program: Command, world: World): void {
  addLoadFlags(
    program.command('calibrate').description('measure what passes over 1 to 64 tokens cost here, remember it, and show it'),
    defaultTarget,
  )
    .option('--json', 'print one JSON object')
    .action(async (flags: LoadFlags & { json?: boolean }) => {
      const fresh: World = { ...world, load: (options) => world.load({ ...options, calibrate: 'fresh' }) }
      const engine = await loadWithProgress(fresh, flags)
      const { facts } = engine
      await engine.dispose()
      world.terminal.stdout.write(`${flags.json ? JSON.stringify(facts, null, 2) : calibrationReport(facts)}\n`)
    })
}

/** The curves as a table with bars: seconds of a pass, and what a token costs in it. */
export function calibrationReport({ library, threads, target, draft, costs, exact, different, kernels }: EngineFacts): string {
  if (!costs) return 'nothing was measured: leave out --no-calibrate'
  const { widths, seconds } = costs.target
  const plain = seconds[0] as number
  const most = Math.max(...seconds.filter((_, i) => (widths[i] as number) <= 64))
  const milliseconds = (value: number | undefined) => (value === undefined ? '' : (value * 1000).toFixed(1))
  const rows = widths.map((width, i) => {
    const pass = seconds[i] as number
    const drafted = costs.draft?.seconds[costs.draft.widths.indexOf(width)]
    const bar = width <= 64 ? '█'.repeat(Math.max(1, Math.round((BAR * pass) / most))) : ''
    return [
      String(width).padStart(6),
      milliseconds(pass).padStart(10),
      `${(pass / plain).toFixed(2)}x`.padStart(9),
      milliseconds(pass / width).padStart(11),
      milliseconds(drafted).padStart(10),
      `  ${bar}`,
    ].join('')
  })
  const context = costs.target.context
  const notes = [
    `perfect drafts that cost nothing would give at most ${limitOf(costs.target).speedup.toFixed(2)}x`,
    ...(context
      ? [`1000 tokens of context add ${milliseconds(1000 * (context.perPass + context.perToken))} ms to a pass over one token`]
      : []),
    exact
      ? "passes of every shape compute the same bits as single tokens: texts are plain decoding's to the byte"
      : `${different.join(', ')} gives other bits than single tokens: near-ties may be decided otherwise`,
  ]
  return [
    `${target.description}${draft ? ` with ${draft.description}` : ''}: ${library}, ${kernels.set ? `kernels ${kernels.set}` : 'stock kernels'}, ${threads} threads`,
    '',
    'tokens   T(n) ms   T(n)/T(1)  ms/token  draft ms',
    ...rows,
    '',
    ...notes,
  ].join('\n')
}

import { METHODS } from '../../api/methods.ts'
import { OuroborosError } from '../../core/errors.ts'
import type { ColorWhen } from '../views/origin-colors.ts'
import type { Terminal } from '../views/terminal.ts'
import type { GenerateFlags } from './generate-flags.ts'
import type { HistoryFlags } from './history-flags.ts'
import type { LoadFlags } from './load-flags.ts'

/** What commander makes of all flags of `run`. */
export interface RunFlags extends HistoryFlags, LoadFlags, GenerateFlags {
  system?: string
  file?: string[]
  raw?: boolean
  color?: ColorWhen
  compare?: boolean
  stats?: boolean
  trace?: string
  json?: boolean
  verbose?: boolean
  listDevices?: boolean
}

/** Refuses flags that contradict each other. Throws `E_USAGE`. */
export function checkRunFlags(flags: RunFlags): void {
  if (flags.raw && flags.system !== undefined) throw usage('--system needs a chat template: leave out --raw')
  if (flags.logprobs !== undefined && !flags.json) throw usage('--logprobs is shown in --json only: add --json')
  if (METHODS[flags.specType].needsDraft && !flags.draft)
    throw usage(`--spec-type ${flags.specType} needs a draft model: leave out --no-draft`)
  if (flags.trace !== undefined && flags.compare) throw usage('--trace follows one answer: leave out --compare')
  if (flags.compare && flags.specType === 'vanilla')
    throw usage('--compare compares with plain decoding: give another --spec-type than vanilla')
}

/** Refuses to chat where there is nobody to chat with. Throws `E_USAGE`. */
export function needsPrompt(flags: RunFlags, terminal: Terminal): void {
  const without = (['json', 'compare', 'raw', 'trace'] as const).find((name) => flags[name])
  if (without) throw usage(`--${without} needs a prompt: give it as an argument, with --file, or through a pipe`)
  if (!terminal.stdout.isTTY) throw usage('no prompt: give it as an argument, with --file, or through a pipe (a chat needs a terminal)')
}

function usage(message: string): OuroborosError {
  return new OuroborosError('E_USAGE', message)
}

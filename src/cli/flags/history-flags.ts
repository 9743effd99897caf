import type { Command } from 'commander'
import type { LoadOptions } from '../../api/types.ts'

/** What commander makes of `addHistoryFlags`. */
export interface HistoryFlags {
  /** A name, or false with `--no-history`. */
  history?: string | false
  tenant?: string
}

/** Adds the flags that say whether and where learned phrases are kept. */
export function addHistoryFlags(command: Command): Command {
  return command
    .optionsGroup('History:')
    .option('--history <name>', 'one of several histories of learned phrases, e.g. of a project (default: default)')
    .option('--no-history', 'do not keep the phrases that prompts and answers teach, and use none that are kept')
    .option('--tenant <name>', "whose phrases: tenants never draft from each other's (default: local)")
}

/** The library's option for these flags. */
export function toHistory({ history, tenant }: HistoryFlags): NonNullable<LoadOptions['history']> | false {
  return history !== false && { ...(history !== undefined && { name: history }), ...(tenant !== undefined && { tenant }) }
}

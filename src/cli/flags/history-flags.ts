import type { Command } from 'commander'
import type { LoadOptions } from '../../api/types.ts'
import { omitUndefined } from '../../core/omit-undefined.ts'

/** What commander makes of `addHistoryFlags`. */
export interface HistoryFlags {
  /** A name, or false with `--no-history`. */
  history?: string | false
  tenant?: string
  share?: string
}

/** Adds the flags that say whether and where learned phrases are kept. */
export function addHistoryFlags(command: Command): Command {
  return command
    .optionsGroup('History:')
    .option('--history <name>', 'one of several histories of learned phrases, e.g. of a project (default: default)')
    .option('--no-history', 'do not keep the phrases that prompts and answers teach, and use none that are kept')
    .option('--tenant <name>', "whose phrases: tenants never draft from each other's (default: local)")
    .option('--share <url>', 'keep phrases in this Redis, shared by replicas, instead of on disk: redis:// or rediss:// (OUROBOROS_REDIS)')
}

/** The library's option for these flags. */
export function toHistory({ history, tenant, share }: HistoryFlags): NonNullable<LoadOptions['history']> | false {
  if (history === false) return false
  return omitUndefined({ name: history, tenant, share })
}

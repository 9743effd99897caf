import type { HistoryOptions } from '../api/history.ts'
import { OuroborosError } from '../core/errors.ts'
import { checkName, DEFAULT_CORPUS, DEFAULT_TENANT, phrasesFolder } from './namespace.ts'

/** `HistoryOptions` with everything decided. */
export interface HistorySettings {
  readonly folder: string
  readonly tenant: string
  readonly corpus: string
  readonly most: number
  readonly days: number
  readonly share?: string
}

/** Phrases of a tenant: 34 MB in memory. */
export const MOST_PHRASES = 2 ** 18 + 2 ** 16
const DAYS = 180

/**
 * What `load` was asked to keep, and where; null = nothing. Where nothing in particular was asked, `OUROBOROS_HISTORY=off` decides against it.
 * Throws E_USAGE.
 */
export function historySettings(
  history: false | HistoryOptions | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
): HistorySettings | null {
  const isAsked = history && Object.keys(history).length > 0
  if (history === false || (!isAsked && env.OUROBOROS_HISTORY === 'off')) return null
  const { folder = phrasesFolder(env), tenant = DEFAULT_TENANT, name = DEFAULT_CORPUS, most = MOST_PHRASES, days = DAYS } = history ?? {}
  const share = history?.share ?? (env.OUROBOROS_REDIS || undefined)
  return {
    folder,
    tenant: checkName('tenant', tenant),
    corpus: checkName('history', name),
    most,
    days,
    ...(share !== undefined && { share: checkAddress(share) }),
  }
}

/** What is said of it has no password in it. */
function checkAddress(share: string): string {
  if (/^rediss?:\/\/./.test(share) && URL.canParse(share)) return share
  const what = share.includes('@') ? 'an address that is none' : JSON.stringify(share.slice(0, 100))
  throw new OuroborosError('E_USAGE', `share: expected redis://HOST:PORT or rediss://USER:PASSWORD@HOST:PORT, received ${what}`)
}

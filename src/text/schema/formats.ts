import type { Automaton } from './automaton.ts'
import { compilePattern } from './compile-pattern.ts'

const DAY = String.raw`(?:(?:\d\d[2468][048]|\d\d[13579][26]|\d\d0[48]|[02468][048]00|[13579][26]00)-02-29|\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8])))`
const HOUR = String.raw`(?:[01]\d|2[0-3])`
const TIME = String.raw`(?:${HOUR}:[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-]${HOUR}:[0-5]\d)|23:59:60(?:\.\d{1,9})?Z)`
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?'
const SHORT_LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,28}[A-Za-z0-9])?'
/** At most 253 characters: four labels of any length, or eight of up to 30 characters. */
const HOST = String.raw`(?:(?:${LABEL}\.){0,3}[A-Za-z0-9](?:[A-Za-z0-9-]{0,59}[A-Za-z0-9])?|(?:${SHORT_LABEL}\.){0,7}${SHORT_LABEL})`
/** Names whose third and fourth characters are hyphens say that they are encoded, and must then be so. */
const NOT_ENCODED = String.raw`(?!(?:.*\.)?..--)`
const BYTE = String.raw`(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`
const IPV4 = String.raw`(?:${BYTE}\.){3}${BYTE}`
const H = '[0-9a-fA-F]{1,4}'
const IPV6 = `(?:${[
  `(?:${H}:){6}(?:${H}:${H}|${IPV4})`,
  `::(?:${H}:){5}(?:${H}:${H}|${IPV4})`,
  `(?:${H})?::(?:${H}:){4}(?:${H}:${H}|${IPV4})`,
  ...[3, 2, 1, 0].map((n) => `(?:(?:${H}:){0,${4 - n}}${H})?::(?:${H}:){${n}}(?:${H}:${H}|${IPV4})`),
  `(?:(?:${H}:){0,5}${H})?::${H}`,
  `(?:(?:${H}:){0,6}${H})?::`,
].join('|')})`
const ENCODED = '%[0-9A-Fa-f]{2}'
const PATH_CHARACTER = `(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|${ENCODED})`
const QUERY = `(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|${ENCODED})*`
const AUTHORITY = String.raw`//(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|${ENCODED})*@)?(?:(?:[A-Za-z0-9._~-])+|\[${IPV6}\])(?::\d{1,4})?(?:/${PATH_CHARACTER}*)?`
const URI = String.raw`[A-Za-z][A-Za-z0-9+.-]*:(?:${AUTHORITY}|(?!//)${PATH_CHARACTER}+)(?:\?${QUERY})?(?:#${QUERY})?`
/** With a dot, as most readers want it; without bounds on lengths, which would make addresses of bounded length too large. */
const DOMAIN = String.raw`(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?`
const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"

const TIME_SPAN = String.raw`T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S)`
const DATE_SPAN = String.raw`(?:\d+Y(?:\d+M(?:\d+D)?)?|\d+M(?:\d+D)?|\d+D)`

/** The texts of a format, in one spelling where there are several: addresses without quotes or brackets, capital T and Z. */
const PATTERNS: Readonly<Record<string, string>> = {
  date: DAY,
  time: TIME,
  'date-time': `${DAY}T${TIME}`,
  duration: String.raw`P(?:\d+W|${DATE_SPAN}(?:${TIME_SPAN})?|${TIME_SPAN})`,
  email: String.raw`${ATOM}(?:\.${ATOM})*@${DOMAIN}`,
  uri: URI,
  uuid: '[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}',
  ipv4: IPV4,
  ipv6: IPV6,
  hostname: `${NOT_ENCODED}${HOST}`,
}

export const FORMATS = Object.keys(PATTERNS)
const compiled = new Map<string, Automaton>()

export function formatAutomaton(format: string): Automaton | undefined {
  if (!Object.hasOwn(PATTERNS, format)) return undefined
  const automaton = compiled.get(format) ?? compilePattern(`^(?:${PATTERNS[format]})$`)
  compiled.set(format, automaton)
  return automaton
}

/** Zod's pattern beside its format hostname: all texts of the format have it, and its own automaton would be too large. */
const HOSTNAME_OF_ZOD = String.raw`^(?=.{1,253}\.?$)[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[-0-9a-zA-Z]{0,61}[0-9a-zA-Z])?)*\.?$`

/** Whether the pattern says nothing that the format does not say. */
export function isSpelledOut({ format, pattern }: { readonly format?: unknown; readonly pattern?: unknown }): boolean {
  return format === 'hostname' && pattern === HOSTNAME_OF_ZOD
}

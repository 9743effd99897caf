import { z } from 'zod'
import { METHODS, type Method, type MethodOptions, OPTIONS, type OptionName, type ResolvedOptions, WHAT_PAYS } from './methods.ts'

type Defaults = { readonly [Name in OptionName]?: unknown }

export const METHOD_NAMES = Object.keys(METHODS) as readonly Method[]

export const OPTION_NAMES = Object.keys(OPTIONS) as readonly OptionName[]

type Shape = { [Name in OptionName]: z.ZodOptional<(typeof OPTIONS)[Name]['type']> }

/** `MethodOptions`, and nothing else. */
export const optionsSchema = z.strictObject(Object.fromEntries(OPTION_NAMES.map((name) => [name, OPTIONS[name].type.optional()])) as Shape)

/** A request's options as its method's drafter takes them. */
export function withDefaults<M extends Method>(method: M, options: MethodOptions): ResolvedOptions<M> {
  const all = Object.entries(METHODS[method].options).map(([name, fallback]) => [name, options[name as OptionName] ?? fallback])
  return Object.fromEntries(all.filter(([, value]) => value !== WHAT_PAYS)) as ResolvedOptions<M>
}

/** One line about an option, with its default per method that reads it. */
export function describeOption(name: OptionName, allowed = ''): string {
  const readers = METHOD_NAMES.filter((method) => name in METHODS[method].options)
  const defaults = readers.map((method) => `${method} ${[(METHODS[method].options as Defaults)[name]].flat().join(' + ')}`)
  return `${OPTIONS[name].help}${allowed} (default: ${defaults.join(', ')})`
}

/** Every name of every method, llama.cpp's included. */
export const METHODS_BY_NAME: ReadonlyMap<string, Method> = new Map(
  METHOD_NAMES.flatMap((method) => [...METHODS[method].aliases, method].map((name) => [name, method] as const)),
)

/** One line about all methods. */
export const METHODS_IN_WORDS = METHOD_NAMES.map((method) => `${method}: ${METHODS[method].summary}`).join('; ')

/** The options that HTTP requests can give, by field. */
export const OPTIONS_BY_FIELD: ReadonlyMap<string, OptionName> = new Map(
  OPTION_NAMES.flatMap((name) => ('field' in OPTIONS[name] ? [[OPTIONS[name].field as string, name] as const] : [])),
)

import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Matcher } from '../../src/grammar/matcher.ts'
import { jsonSchemaToGrammar } from '../../src/text/json-schema.ts'
import { reads } from '../grammar/reads.ts'

const FOLDER = fileURLToPath(new URL('json-schema-test-suite/', import.meta.url))

/** A schema of the official suite and what it calls valid and invalid. */
export interface Case {
  readonly file: string
  readonly description: string
  readonly schema: unknown
  readonly tests: readonly { readonly description: string; readonly data: unknown; readonly valid: boolean }[]
}

/** Every schema of draft 2020-12 for the keywords that are taken, and for the formats. */
export function suite(): Case[] {
  const files = (folder: string) => readdirSync(FOLDER + folder).filter((name) => name.endsWith('.json'))
  return [...files('').map((name) => name), ...files('format').map((name) => `format/${name}`)]
    .sort()
    .flatMap((file) =>
      (JSON.parse(readFileSync(FOLDER + file, 'utf8')) as Omit<Case, 'file'>[]).map((one) => ({ ...one, file: file.replace('.json', '') })),
    )
}

/** The value's spellings: properties in every order (the grammar fixes one). */
export function* spellings(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) yield JSON.stringify(value)
  else if (Array.isArray(value)) for (const items of product(value)) yield `[${items.join()}]`
  else
    for (const entries of permutations(Object.entries(value)))
      for (const values of product(entries.map(([, one]) => one)))
        yield `{${entries.map(([key], i) => `${JSON.stringify(key)}:${values[i]}`).join()}}`
}

function* product(values: readonly unknown[]): Generator<string[]> {
  const [first, ...rest] = values
  if (values.length === 0) yield []
  else for (const head of spellings(first)) for (const tail of product(rest)) yield [head, ...tail]
}

function* permutations<T>(all: readonly T[]): Generator<T[]> {
  if (all.length === 0) yield []
  for (const [i, first] of all.entries()) for (const rest of permutations([...all.slice(0, i), ...all.slice(i + 1)])) yield [first, ...rest]
}

/** Whether the grammar has the value in some order of its properties. */
export function takes(matcher: Matcher, value: unknown): boolean {
  let tried = 0
  for (const text of spellings(value)) {
    if (reads(matcher, text)) return true
    if (++tried > 50_000) throw new Error('too many orders of properties')
  }
  return false
}

/** The grammar of a schema; the refusal as text where there is none. */
export function grammarOf(schema: unknown): Matcher | string {
  let grammar: string
  try {
    grammar = jsonSchemaToGrammar(schema)
  } catch (error) {
    if ((error as { code?: string }).code !== 'E_GRAMMAR') throw error
    return (error as Error).message
  }
  return new Matcher(grammar)
}

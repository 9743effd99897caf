import type { SchemaObject } from './atom.ts'
import { wrong } from './schema-error.ts'

/** A keyword's value, checked. All throw E_GRAMMAR. */

/** No answer is longer: a text of JavaScript ends before that. */
const LONGEST = 1e9

export function has(schema: SchemaObject, keyword: string): boolean {
  return Object.hasOwn(schema, keyword) && schema[keyword] !== undefined
}

export function count(schema: SchemaObject, keyword: string, at: string, otherwise: number): number {
  if (!has(schema, keyword)) return otherwise
  const value = schema[keyword]
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
    throw wrong(at, `${keyword} is an integer from 0 on: received ${shown(value)}`)
  if (value <= LONGEST) return value
  if (keyword.startsWith('min')) throw wrong(at, `${keyword} ${value}: no answer is that long`)
  return Number.POSITIVE_INFINITY
}

export function number(schema: SchemaObject, keyword: string, at: string): number {
  const value = schema[keyword]
  if (typeof value !== 'number' || !Number.isFinite(value)) throw wrong(at, `${keyword} is a number: received ${shown(value)}`)
  return value
}

export function text(schema: SchemaObject, keyword: string, at: string): string {
  const value = schema[keyword]
  if (typeof value !== 'string') throw wrong(at, `${keyword} is a text: received ${shown(value)}`)
  return value
}

export function list(value: unknown, at: string): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(at, `a list is expected: received ${shown(value)}`)
  return value
}

export function fullList(value: unknown, at: string, of: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length === 0) throw wrong(at, `a list of ${of} is expected: received ${shown(value)}`)
  return value
}

export function names(value: unknown, at: string): readonly string[] {
  const all = list(value, at)
  for (const one of all) if (typeof one !== 'string') throw wrong(at, `a list of names is expected: received ${shown(one)} in it`)
  return all as string[]
}

export function entries(value: unknown, at: string): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(at, `an object is expected: received ${shown(value)}`)
  return Object.entries(value)
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

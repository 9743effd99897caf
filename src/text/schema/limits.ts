import { wrong } from './schema-error.ts'

const MAX_DEPTH = 128
const MAX_VALUES = 100_000

/** Refuses what is too deep or too large to be walked, or goes round in a circle. Throws E_GRAMMAR. */
export function checkSize(schema: unknown): void {
  const open: { value: unknown; depth: number }[] = [{ value: schema, depth: 0 }]
  let values = 0
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, depth } = next
    if (++values > MAX_VALUES) throw wrong('schema', `has more than ${MAX_VALUES} values`)
    if (depth > MAX_DEPTH) throw wrong('schema', `is nested more than ${MAX_DEPTH} deep`)
    if (typeof value === 'object' && value !== null) for (const one of Object.values(value)) open.push({ value: one, depth: depth + 1 })
  }
}

import { isObject } from '../json-text.ts'

const DEEPEST = 100

/**
 * Whether a value is what a JSON schema asks for in its types, values, members and items. Patterns, ranges and references are
 * not looked at: a schema comes from a stranger, and this must take no longer than reading the value.
 */
export function fits(schema: unknown, value: unknown, depth = 0): boolean {
  if (schema === false) return false
  if (!isObject(schema) || depth > DEEPEST) return true
  const { type, enum: values, required, properties, items } = schema
  if (type !== undefined && ![type].flat().some((one) => isOfType(one, value))) return false
  if (Array.isArray(values) && typeof value !== 'object' && !values.includes(value)) return false
  if (Array.isArray(value)) return value.every((one) => fits(items, one, depth + 1))
  if (!isObject(value)) return true
  if (Array.isArray(required) && required.some((key) => !Object.hasOwn(value, String(key)))) return false
  const known = isObject(properties) ? properties : {}
  const others = schema['patternProperties'] === undefined ? schema['additionalProperties'] : true
  return Object.entries(value).every(([key, one]) => fits(Object.hasOwn(known, key) ? known[key] : others, one, depth + 1))
}

function isOfType(type: unknown, value: unknown): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return isObject(value)
  if (type === 'integer') return Number.isInteger(value)
  return typeof value === type
}

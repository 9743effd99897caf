import koffi from 'koffi'
import { IK_STRUCTS } from './ik-declarations.ts'
import { ALIASES, OPAQUE, STRUCTS } from './llama-declarations.ts'
import { inGate } from './native-gate.ts'

/** An address in native memory; koffi's form of a pointer. */
export type Pointer = bigint | null
// biome-ignore lint/suspicious/noExplicitAny: the C functions are typed by their prototypes
export type NativeFunction = (...args: any[]) => any

/** Declares all C types, once per thread. */
export function declareTypes(): void {
  if (declared) return
  declared = true
  for (const name of OPAQUE) koffi.opaque(name)
  for (const [name, type] of Object.entries(ALIASES)) koffi.alias(name, type)
  for (const [name, fields] of Object.entries({ ...STRUCTS, ...IK_STRUCTS })) koffi.struct(name, fieldsOf(fields))
  koffi.proto('void ouroboros_log(int level, const char *text, void *user_data)')
  koffi.proto('bool ouroboros_progress(float progress, void *user_data)')
}
let declared = false

/** The functions of these prototypes, by name. */
export function declare(library: ReturnType<typeof koffi.load>, prototypes: string): Record<string, NativeFunction> {
  const functions: Record<string, NativeFunction> = {}
  for (const prototype of prototypes.trim().split('\n').map(plain)) {
    const native: NativeFunction = library.func(prototype)
    functions[nameOf(prototype)] = (...args) => inGate(() => native(...args))
  }
  return functions
}

function fieldsOf(text: string): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const line of text.split(';').map((one) => one.trim())) {
    const [, type, name] = /^(.*?)(\w+)$/s.exec(line) ?? []
    if (type && name) fields[name] = type.includes('*') ? 'void *' : plain(type)
  }
  return fields
}

/** koffi knows types by their bare names. */
function plain(type: string): string {
  return type.replace(/\b(struct|enum) /g, '').trim()
}

function nameOf(prototype: string): string {
  return /(\w+)\(/.exec(prototype)?.[1] ?? ''
}

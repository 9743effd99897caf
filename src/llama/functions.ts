import koffi from 'koffi'
import { OuroborosError } from '../core/errors.ts'
import { ALIASES, LIBRARY_VERSION, OPAQUE, STRUCTS } from './declarations.ts'
import { inGate } from './exit-gate.ts'

/** An address in native memory; koffi's form of a pointer. */
export type Pointer = bigint | null
// biome-ignore lint/suspicious/noExplicitAny: the C functions are typed by their prototypes
export type NativeFunction = (...args: any[]) => any

/** The names of the functions that these prototypes declare, one a line. */
export type FunctionNames<Prototypes extends string, Names = never> = Prototypes extends `${infer Line}\n${infer Rest}`
  ? FunctionNames<Rest, Names | NameIn<Line>>
  : Names | NameIn<Prototypes>
type NameIn<Line extends string> = Line extends `${infer Head}(${string}` ? LastWord<Head> : never
type LastWord<Text extends string> = Text extends `${string} ${infer Rest}` ? LastWord<Rest> : Text

/** The functions of these prototypes, by name. */
export type NativeFunctions<Prototypes extends string> = Readonly<Record<FunctionNames<Prototypes>, NativeFunction>>

/** Declares all C types, once per thread. */
export function declareTypes(): void {
  if (declared) return
  declared = true
  for (const name of OPAQUE) koffi.opaque(name)
  for (const [name, type] of Object.entries(ALIASES)) koffi.alias(name, type)
  for (const [name, fields] of Object.entries(STRUCTS)) koffi.struct(name, fieldsOf(fields))
  koffi.proto('void ouroboros_log(int level, const char *text, void *user_data)')
  koffi.proto('bool ouroboros_progress(float progress, void *user_data)')
}
let declared = false

/** The functions of these prototypes in a library; throws E_LIBRARY if it lacks one. */
export function declare<Prototypes extends string>(file: string, prototypes: Prototypes): NativeFunctions<Prototypes> {
  const library = koffi.load(file)
  const functions: Record<string, NativeFunction> = {}
  for (const prototype of prototypes.trim().split('\n').map(plain)) {
    const name = /(\w+)\(/.exec(prototype)?.[1] ?? ''
    const native = find(() => library.func(prototype), `${file} has no function ${name}`)
    functions[name] = (...args) => inGate(() => native(...args))
  }
  return functions as NativeFunctions<Prototypes>
}

function find<T>(get: () => T, problem: string): T {
  try {
    return get()
  } catch (cause) {
    throw new OuroborosError('E_LIBRARY', `${problem}: this package needs llama.cpp v${LIBRARY_VERSION}`, { cause })
  }
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

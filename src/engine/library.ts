import { dirname } from 'node:path'
import koffi from 'koffi'
import { OuroborosError } from '../core/errors.ts'
import { ALIASES, GGML_FUNCTIONS, LIBRARY_VERSION, LLAMA_FUNCTIONS, OPAQUE, STRUCTS } from './llama-declarations.ts'
import { inTurn } from './native-turn.ts'
import { nativeFiles } from './platform.ts'

/** An address in native memory; koffi's form of a pointer. */
export type Pointer = bigint | null
// biome-ignore lint/suspicious/noExplicitAny: the C functions are typed by their prototypes
type NativeFunction = (...args: any[]) => any

/** The loaded native library: one per process, never unloaded. */
export interface Library {
  readonly version: string
  /** A function of libllama or libggml by its C name. */
  readonly c: Readonly<Record<string, NativeFunction>>
  readonly devices: readonly Device[]
}

export interface Device {
  readonly name: string
  readonly description: string
  readonly isGpu: boolean
}

/** The last lines that the library logged, oldest first. */
const LOG_LINES = 200
const log: string[] = []
let listener: ((line: string) => void) | undefined
let loaded: Library | undefined
/** Callbacks for `llama_log_set`: this thread's, and a C function without effect. */
let heard: Pointer = null
let silent: Pointer = null

/** Loads the library on first use. Throws E_PLATFORM, E_LIBRARY. */
export function library(): Library {
  loaded ??= inTurn(load)
  return loaded
}

/**
 * Makes native calls that may log: their lines are heard, and no other thread makes such calls meanwhile.
 * Between them the library is silent, since a callback from another thread's call would wait for this one.
 */
export function listening<T>(body: () => T): T {
  const { c } = library()
  return inTurn(() => {
    c['llama_log_set']?.(heard, null)
    try {
      return body()
    } finally {
      c['llama_log_set']?.(silent, null)
    }
  })
}

/** Who hears the library's log lines; the last ones are kept for errors in any case. */
export function onLibraryLog(hear: ((line: string) => void) | undefined): void {
  listener = hear
}

/** The library's last words, for an error message. */
export function lastLogLines(count = 6): string {
  return log.slice(-count).join(' | ')
}

/** Reads a C string buffer that a `call(buffer, size)` fills. */
export function readString(call: (buffer: Buffer, size: number) => number): string {
  const buffer = Buffer.alloc(512)
  const length = call(buffer, buffer.length)
  return length < 0 ? '' : buffer.toString('utf8', 0, Math.min(length, buffer.length))
}

function load(): Library {
  const files = nativeFiles()
  const c: Record<string, NativeFunction> = {}
  try {
    declareTypes()
    const ggml = koffi.load(files.ggml)
    const llama = koffi.load(files.llama)
    for (const prototype of prototypes(GGML_FUNCTIONS)) c[nameOf(prototype)] = ggml.func(prototype)
    for (const prototype of prototypes(LLAMA_FUNCTIONS)) c[nameOf(prototype)] = llama.func(prototype)
    silent = llama.symbol('llama_max_devices')
  } catch (cause) {
    throw new OuroborosError(
      'E_LIBRARY',
      `cannot load ${files.llama}: ${(cause as Error).message}; it must be llama.cpp v${LIBRARY_VERSION}`,
      { cause },
    )
  }
  const version = String(c['llama_version']?.() ?? 'unknown')
  checkLayout(c, version, files.llama)
  c['llama_log_set']?.(silent, null)
  heard = koffi.register(hear, koffi.pointer('ouroboros_log'))
  c['llama_backend_init']?.()
  if (Number(c['ggml_backend_dev_count']?.()) === 0) c['ggml_backend_load_all_from_path']?.(dirname(files.ggml))
  return { version, c, devices: listDevices(c) }
}

/** Known defaults at known places: another version would show here instead of crashing later. */
function checkLayout(c: Record<string, NativeFunction>, version: string, file: string): void {
  const model = c['llama_model_default_params']?.()
  const context = c['llama_context_default_params']?.()
  const quantize = c['llama_model_quantize_default_params']?.()
  const expected =
    version.replace(/^v/, '').startsWith(LIBRARY_VERSION) &&
    model.use_extra_bufts === true &&
    model.vocab_only === false &&
    context.n_ctx === 512 &&
    context.n_batch === 2048 &&
    context.n_ubatch === 512 &&
    context.flash_attn_type === -1 &&
    context.type_k === 1 &&
    context.offload_kqv === true &&
    context.ctx_other === null &&
    quantize.quantize_output_tensor === true
  if (!expected) throw new OuroborosError('E_LIBRARY', `${file} is version ${version}: this package needs llama.cpp v${LIBRARY_VERSION}`)
}

function listDevices(c: Record<string, NativeFunction>): Device[] {
  return Array.from({ length: Number(c['ggml_backend_dev_count']?.()) }, (_, i) => {
    const device = c['ggml_backend_dev_get']?.(i)
    return {
      name: c['ggml_backend_dev_name']?.(device),
      description: c['ggml_backend_dev_description']?.(device),
      isGpu: [1, 2].includes(c['ggml_backend_dev_type']?.(device)), // GGML_BACKEND_DEVICE_TYPE_GPU, _IGPU
    }
  })
}

/** Log lines come on the calling thread, in pieces. */
let unfinished = ''
function hear(_level: number, text: string | null): void {
  unfinished += text ?? ''
  for (let end = unfinished.indexOf('\n'); end >= 0; end = unfinished.indexOf('\n')) {
    const line = unfinished.slice(0, end)
    unfinished = unfinished.slice(end + 1)
    if (line.trim() === '') continue
    log.push(line)
    if (log.length > LOG_LINES) log.shift()
    listener?.(line)
  }
}

function declareTypes(): void {
  for (const name of OPAQUE) koffi.opaque(name)
  for (const [name, type] of Object.entries(ALIASES)) koffi.alias(name, type)
  for (const [name, fields] of Object.entries(STRUCTS)) koffi.struct(name, fieldsOf(fields))
  koffi.proto('void ouroboros_log(int level, const char *text, void *user_data)')
  koffi.proto('bool ouroboros_progress(float progress, void *user_data)')
}

function fieldsOf(text: string): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const line of text.split(';').map((one) => one.trim())) {
    const [, type, name] = /^(.*?)(\w+)$/s.exec(line) ?? []
    if (type && name) fields[name] = type.includes('*') ? 'void *' : plain(type)
  }
  return fields
}

function prototypes(text: string): string[] {
  return text.trim().split('\n').map(plain)
}

/** koffi knows types by their bare names. */
function plain(type: string): string {
  return type.replace(/\b(struct|enum) /g, '').trim()
}

function nameOf(prototype: string): string {
  return /(\w+)\(/.exec(prototype)?.[1] ?? ''
}

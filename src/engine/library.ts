import { dirname } from 'node:path'
import koffi from 'koffi'
import { OuroborosError } from '../core/errors.ts'
import { IK_WHEEL } from './ik-declarations.ts'
import { ikFunctions } from './ik-library.ts'
import { GGML_FUNCTIONS, LIBRARY_VERSION, LLAMA_FUNCTIONS } from './llama-declarations.ts'
import { declare, declareTypes, type NativeFunction, type Pointer } from './native-functions.ts'
import { inGate } from './native-gate.ts'
import { inTurn } from './native-turn.ts'
import { type NativeFiles, nativeFiles } from './platform.ts'

export type { Pointer }

/** A loaded native library: each once per process, never unloaded. */
export interface Library {
  /** llama.cpp, or its fork ik_llama.cpp under the same function names. */
  readonly kind: 'llama' | 'ik'
  readonly version: string
  /** The native file. */
  readonly file: string
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
const loaded = new Map<string, Library>()
/** Callbacks for `llama_log_set`: this thread's, and a C function without effect. */
let heard: Pointer = null
let silent: Pointer = null

/** Loads a library on first use: `llama`, `ik`, or a path. Throws E_PLATFORM, E_LIBRARY. */
export function library(engine = 'llama'): Library {
  let found = loaded.get(engine)
  if (!found) {
    found = inTurn(() => inGate(() => load(engine)))
    loaded.set(engine, found)
  }
  return found
}

/**
 * Makes native calls that may log: their lines are heard, and no other thread makes such calls meanwhile.
 * Between them the library is silent, since a callback from another thread's call would wait for this one.
 */
export function listening<T>(body: () => T, { c }: Library = library()): T {
  return inTurn(() => {
    c['llama_log_set']?.(heard, null)
    try {
      return inGate(body)
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

function load(engine: string): Library {
  const files = nativeFiles(engine)
  try {
    declareTypes()
    // What lies beside is loaded first: the loader then finds it by its soname.
    for (const needed of [...files.needs, files.ggml]) koffi.load(needed)
    const llama = koffi.load(files.llama)
    silent ??= llama.symbol('llama_max_devices')
    heard ??= koffi.register(hear, koffi.pointer('ouroboros_log'))
    return isFork(llama) ? loadIk(files) : loadLlama(files, llama)
  } catch (cause) {
    if (cause instanceof OuroborosError) throw cause
    throw new OuroborosError(
      'E_LIBRARY',
      `cannot load ${files.llama}: ${(cause as Error).message}; it must be llama.cpp v${LIBRARY_VERSION}`,
      { cause },
    )
  }
}

function loadLlama(files: NativeFiles, llama: ReturnType<typeof koffi.load>): Library {
  const c = { ...declare(koffi.load(files.ggml), GGML_FUNCTIONS), ...declare(llama, LLAMA_FUNCTIONS) }
  const version = String(c['llama_version']?.() ?? 'unknown')
  checkLayout(c, version, files.llama)
  c['llama_log_set']?.(silent, null)
  c['llama_backend_init']?.()
  if (Number(c['ggml_backend_dev_count']?.()) === 0) c['ggml_backend_load_all_from_path']?.(dirname(files.ggml))
  return { kind: 'llama', version, file: files.llama, c, devices: listDevices(c) }
}

function loadIk(files: NativeFiles): Library {
  const { checkLayout: check, ...c } = ikFunctions(files)
  check?.()
  c['llama_log_set']?.(silent, null)
  c['llama_backend_init']?.()
  return {
    kind: 'ik',
    version: IK_WHEEL.version,
    file: files.llama,
    c,
    devices: [{ name: 'CPU', description: 'ik_llama.cpp', isGpu: false }],
  }
}

/** The fork kept the older calls for the cache. */
function isFork(llama: ReturnType<typeof koffi.load>): boolean {
  try {
    return llama.symbol('llama_kv_cache_seq_rm') !== null
  } catch {
    return false
  }
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

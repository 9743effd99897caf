import { dirname } from 'node:path'
import koffi from 'koffi'
import { OuroborosError } from '../core/errors.ts'
import { inTurn } from './call-lock.ts'
import { GGML_BASE_FUNCTIONS, GGML_FUNCTIONS, LIBRARY_VERSION, LLAMA_FUNCTIONS } from './declarations.ts'
import { inGate } from './exit-gate.ts'
import { declare, declareTypes, type NativeFunctions, type Pointer } from './functions.ts'
import { type KernelPlugin, openKernels } from './kernel-plugin.ts'
import { nativeFiles } from './platform.ts'

export type { Pointer }

/** The functions of libllama, libggml and libggml-base by their C names. */
type Functions = NativeFunctions<typeof LLAMA_FUNCTIONS | typeof GGML_FUNCTIONS | typeof GGML_BASE_FUNCTIONS>

/** The loaded native library; it is never unloaded. */
export interface Library {
  readonly version: string
  /** The native file. */
  readonly file: string
  readonly c: Functions
  readonly devices: readonly Device[]
  readonly kernels: KernelPlugin
}

export interface Device {
  readonly name: string
  readonly description: string
  readonly isGpu: boolean
}

/** The last lines that the library logged, oldest first. */
const LOG_LINES = 200
const log: string[] = []
let kernelLines: (line: string) => void = () => {}
let listener: ((line: string) => void) | undefined
let loaded: Library | undefined
/** Callbacks for `llama_log_set`: this thread's, and a C function without effect. */
let logCallback: Pointer = null
let silent: Pointer = null

/**
 * The native library, loaded on first use: the platform's package, or `chosen`, another build of the same version (a libllama file or
 * its folder). One per thread: the builds' parts have the same names. Throws E_PLATFORM, E_LIBRARY.
 */
export function library(chosen?: string): Library {
  if (loaded && (chosen === undefined || nativeFiles(chosen).llama === loaded.file)) return loaded
  if (loaded) throw new OuroborosError('E_LIBRARY', `cannot load ${chosen} next to ${loaded.file}: one native library per thread`)
  loaded = inTurn(() => inGate(() => load(chosen)))
  return loaded
}

/**
 * Makes native calls that may log: their lines are collected, and no other thread makes such calls meanwhile.
 * Between them the library is silent, since a callback from another thread's call would wait for this one.
 */
export function listening<T>(body: () => T): T {
  const { c } = library()
  return inTurn(() => {
    c.llama_log_set(logCallback, null)
    try {
      return inGate(body)
    } finally {
      c.llama_log_set(silent, null)
    }
  })
}

/** Sets the listener for the library's log lines; the last lines are kept for errors in any case. */
export function onLibraryLog(listen: ((line: string) => void) | undefined): void {
  listener = listen
}

/** Sets the listener for how the kernels are prepared, while the library is not loaded yet. */
export function onKernelLine(listen: (line: string) => void): void {
  kernelLines = listen
}

/** The library's last lines, for an error message. */
export function lastLogLines(count = 6): string {
  return log.slice(-count).join(' | ')
}

/** Reads a C string buffer that a `call(buffer, size)` fills. */
export function readString(call: (buffer: Buffer, size: number) => number): string {
  const buffer = Buffer.alloc(512)
  const length = call(buffer, buffer.length)
  return length < 0 ? '' : buffer.toString('utf8', 0, Math.min(length, buffer.length))
}

function load(chosen: string | undefined): Library {
  const files = nativeFiles(chosen)
  try {
    declareTypes()
    const opened = openKernels(kernelLines)
    // In this order: the loader then finds by its name what the next one needs.
    const c = {
      ...declare(files.base, GGML_BASE_FUNCTIONS),
      ...declare(files.ggml, GGML_FUNCTIONS),
      ...declare(files.llama, LLAMA_FUNCTIONS),
    }
    silent ??= koffi.load(files.llama).symbol('llama_max_devices')
    logCallback ??= koffi.register(onLog, koffi.pointer('ouroboros_log'))
    const version = String(c.llama_version())
    checkLayout(c, version, files.llama)
    c.llama_log_set(silent, null)
    c.llama_backend_init()
    if (Number(c.ggml_backend_dev_count()) === 0) c.ggml_backend_load_all_from_path(dirname(files.ggml))
    return { version, file: files.llama, c, devices: listDevices(c), kernels: opened.register() }
  } catch (cause) {
    if (cause instanceof OuroborosError) throw cause
    throw new OuroborosError(
      'E_LIBRARY',
      `cannot load ${files.llama}: ${(cause as Error).message}; it must be llama.cpp v${LIBRARY_VERSION}`,
      { cause },
    )
  }
}

/** Checks some defaults in the structs: another version is found out here instead of crashing later. */
function checkLayout(c: Functions, version: string, file: string): void {
  const model = c.llama_model_default_params()
  const context = c.llama_context_default_params()
  const quantize = c.llama_model_quantize_default_params()
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

function listDevices(c: Functions): Device[] {
  return Array.from({ length: Number(c.ggml_backend_dev_count()) }, (_, i) => {
    const device = c.ggml_backend_dev_get(i)
    return {
      name: c.ggml_backend_dev_name(device),
      description: c.ggml_backend_dev_description(device),
      isGpu: [1, 2].includes(c.ggml_backend_dev_type(device)), // GGML_BACKEND_DEVICE_TYPE_GPU, _IGPU
    }
  })
}

/** Log lines come on the calling thread, in pieces. */
let unfinished = ''
function onLog(_level: number, text: string | null): void {
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

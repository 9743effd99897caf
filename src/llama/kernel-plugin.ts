import { statSync } from 'node:fs'
import koffi from 'koffi'
import { ROW_MATH, type RowMath } from '../core/logits-math.ts'
import { kernelLibrary } from '../kernels/library.ts'
import { inGate } from './exit-gate.ts'
import type { Pointer } from './library.ts'
import { declareRowKernels } from './row-kernels.ts'

/** Kernels of our own in the native library, or why the stock ones do the work. */
export interface KernelPlugin {
  /** The instruction set (`avx512`); undefined: stock kernels. */
  readonly set: string | undefined
  /** Why not; where they are: how they were made. */
  readonly about: string
  /** Changes with the library's file. */
  readonly id: string
  readonly rows: RowMath
  /** Whether this thread's next loads and passes use them. */
  use(on: boolean): void
  /** Whether this thread loads weights out of mapped files: pages are given back once they are laid out anew. */
  loadingMapped(on: boolean): void
  /** The rows of an output layer of `rows` that this thread's next passes compute, as `count` panels of 16; 0 rows: all. */
  vocabulary(rows: number, panels: Pointer, count: number): void
}

/** koffi unloads a library whose object is collected. */
const kept: unknown[] = []

/**
 * Opens the kernel library, compiling it first where that is needed. Must come before the native library is opened, since its barrier takes
 * the place of ggml's; `register` comes after the backends are there and before the first model is. `onLine`: progress and warnings.
 */
export function openKernels(onLine: (line: string) => void): { register(): KernelPlugin } {
  const choice = kernelLibrary({ onLine })
  if (choice.file === undefined) return { register: () => stock(choice.reason) }
  let library: ReturnType<typeof koffi.load>
  try {
    library = koffi.load(choice.file, { global: true })
  } catch (error) {
    const reason = `the kernel library cannot be opened: ${(error as Error).message}`
    return { register: () => stock(reason) }
  }
  kept.push(library)
  return {
    register() {
      const failure: string | null = library.func('const char * ouroboros_register()')()
      if (failure) return stock(`the kernels do not fit this library: ${failure}`)
      const { size, mtimeMs } = statSync(choice.file)
      const use = library.func('void ouroboros_use(int32_t on)')
      const loadingMapped = library.func('void ouroboros_loading_mapped(int32_t on)')
      const vocabulary = library.func('void ouroboros_vocabulary(int64_t rows, const int32_t *panels, int32_t count)')
      return {
        set: choice.set,
        about: choice.source === 'package' ? 'prebuilt' : `compiled with ${choice.compiler}`,
        id: [choice.file, size, mtimeMs].join(' '),
        rows: declareRowKernels(library),
        use: (on) => inGate(() => use(on ? 1 : 0)),
        loadingMapped: (on) => inGate(() => loadingMapped(on ? 1 : 0)),
        vocabulary: (rows, panels, count) => inGate(() => vocabulary(rows, panels, count)),
      }
    },
  }
}

function stock(reason: string): KernelPlugin {
  return { set: undefined, about: reason, id: 'stock', rows: ROW_MATH, use() {}, loadingMapped() {}, vocabulary() {} }
}

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The compiled file of a thread, `name` without its extension: next to this one, or in `dist` where this one runs from its TypeScript source. */
export function workerFile(name: 'runtime/worker' | 'llama/quantize-worker' | 'store/store-worker' | 'store/share-worker'): URL {
  const compiled = new URL(`./${name}.js`, import.meta.url)
  return existsSync(fileURLToPath(compiled)) ? compiled : new URL(`../dist/${name}.js`, import.meta.url)
}

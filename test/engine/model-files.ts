import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { quantize } from '../../src/engine/quantize.ts'
import { homeFolder, modelsFolder, resolveModel } from '../../src/models/index.ts'

/** A model of the catalogue; `npm test` has pulled it. */
export function modelFile(id: 'qwen2.5-coder-1.5b' | 'qwen2.5-coder-0.5b' | 'smollm2-135m'): Promise<string> {
  return resolveModel(id)
}

/** Tiny random models and reference runs (README in the folder). */
export function goldenFile(name: string): string {
  return fileURLToPath(new URL(`../golden/${name}`, import.meta.url))
}

/** The model in another precision, made once and kept beside the others. */
export async function quantized(id: Parameters<typeof modelFile>[0], type: string): Promise<string> {
  const folder = join(modelsFolder(homeFolder()), 'made-for-tests')
  const file = join(folder, `${id}.${type}.gguf`)
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true })
    await quantize(await modelFile(id), file, type)
  }
  return file
}

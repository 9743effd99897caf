import { type Command, InvalidArgumentError, Option } from 'commander'
import type { CacheType, LoadOptions } from '../../api/types.ts'
import { omitUndefined } from '../../core/omit-undefined.ts'
import { integer } from './numbers.ts'
import { readText } from './text-file.ts'

const CACHE_TYPES: readonly CacheType[] = ['f16', 'bf16', 'f32', 'q8_0']

/** What commander makes of `addLoadFlags`. */
export interface LoadFlags {
  model: string
  specDraftModel?: string
  /** False with `--no-draft`. */
  draft: boolean
  /** False with `--no-draft-requantize`. */
  draftRequantize: boolean
  ctxSize?: number
  /** False with `--no-memory-check`. */
  memoryCheck?: boolean
  threads?: number
  gpuLayers?: number
  specDraftNgl?: number
  device?: string[]
  flashAttn?: 'on' | 'off' | 'auto'
  cacheTypeK?: CacheType
  cacheTypeV?: CacheType
  chatTemplate?: string
  chatTemplateFile?: string
  corpusFiles?: string[]
  exact?: boolean
  library?: string
  /** False with `--no-calibrate`. */
  calibrate?: boolean
  /** False with `--no-kernels`. */
  kernels?: boolean
}

/** Adds the flags that say which models to load and how. */
export function addLoadFlags(command: Command, defaultModel: string): Command {
  return command
    .optionsGroup('Models:')
    .option('-m, --model <model>', 'target model: catalog id, hf:owner/repo/file.gguf, or GGUF file', defaultModel)
    .addOption(new Option('--spec-draft-model <model>', 'draft model; a catalog id as target brings its own  [-md]').conflicts('draft'))
    .option('--no-draft', 'load no draft model')
    .option('--no-draft-requantize', "use the catalog's draft model as it was pulled, not in a cheaper precision made from it")
    .option('-c, --ctx-size <n>', 'context in tokens, prompt and answer together (default: 4096)', integer({ min: 16, max: 2 ** 20 }))
    .option('--no-memory-check', 'load even if the models and their context need more memory than is available')
    .option('-t, --threads <n>', "threads (default: the machine's cores)", integer({ min: 1, max: 1024 }))
    .option('--gpu-layers <n>', 'layers of the target on the GPU, or all  [-ngl]', layers)
    .option('--spec-draft-ngl <n>', 'layers of the draft model on the GPU, or all  [-ngld]', layers)
    .option('--device <names>', 'devices to use, comma-separated (see --list-devices)  [-dev]', names)
    .addOption(new Option('--flash-attn <on|off>', 'flash attention (default: on)  [-fa]').choices(['on', 'off', 'auto']))
    .addOption(new Option('--cache-type-k <type>', 'type of the cached keys (default: f16)  [-ctk]').choices(CACHE_TYPES))
    .addOption(new Option('--cache-type-v <type>', 'type of the cached values (default: f16)  [-ctv]').choices(CACHE_TYPES))
    .addOption(
      new Option(
        '--chat-template <name>',
        "chat template by its name (chatml, llama3, …) or as Jinja text (default: the model's own)",
      ).conflicts('chatTemplateFile'),
    )
    .option('--chat-template-file <file>', 'the same, from a file')
    .option('--library <path>', 'another build of the native library, of the same version: libllama or its folder (OUROBOROS_LIBRARY)')
    .option('--no-calibrate', 'do not measure the cost of passes at the first load: usual costs are assumed')
    .option(
      '--phrases-from <file>',
      'text whose phrases the pool holds from the start; repeatable',
      (file: string, files: string[] = []) => [...files, file],
    )
    .option('--exact', "refuse where texts would not be plain decoding's to the byte (elsewhere they are, without this flag)")
    .option('--no-kernels', "llama.cpp's own kernels: for comparison, and as a way out")
}

/** The library's options for these flags. */
export function toLoadOptions(flags: LoadFlags): LoadOptions {
  return {
    target: flags.model,
    ...(flags.draft === false ? { draft: null } : flags.specDraftModel !== undefined && { draft: flags.specDraftModel }),
    ...(flags.draftRequantize === false && { draftRequantize: false }),
    ...omitUndefined({ contextLength: flags.ctxSize }),
    ...(flags.memoryCheck === false && { memoryCheck: false }),
    ...omitUndefined({ threads: flags.threads, gpuLayers: flags.gpuLayers, draftGpuLayers: flags.specDraftNgl }),
    ...(flags.device && { devices: flags.device }),
    ...(flags.flashAttn && flags.flashAttn !== 'auto' && { flashAttention: flags.flashAttn === 'on' }),
    ...(flags.cacheTypeK && { cacheTypeK: flags.cacheTypeK }),
    ...(flags.cacheTypeV && { cacheTypeV: flags.cacheTypeV }),
    ...(flags.exact && { exact: true }),
    ...omitUndefined({ chatTemplate: flags.chatTemplate }),
    ...(flags.chatTemplateFile !== undefined && { chatTemplate: readText(flags.chatTemplateFile) }),
    ...(flags.corpusFiles && { corpusFiles: flags.corpusFiles }),
    ...omitUndefined({ library: flags.library }),
    ...(flags.calibrate === false && { calibrate: false }),
    ...(flags.kernels === false && { kernels: false }),
  }
}

function layers(text: string): number {
  return text === 'all' ? -1 : integer({ min: 0, also: { '-1': 'all' } })(text)
}

function names(text: string): string[] {
  const list = text.split(',').map((name) => name.trim())
  if (list.some((name) => name === '')) throw new InvalidArgumentError('Allowed: names with commas between them')
  return list
}

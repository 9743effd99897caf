import koffi from 'koffi'
import { OuroborosError } from '../core/errors.ts'
import { IK_FUNCTIONS, IK_WHEEL } from './ik-declarations.ts'
import { declare, type NativeFunction, type Pointer } from './native-functions.ts'
import type { NativeFiles } from './platform.ts'
import { missingInstructions } from './processor.ts'

/** llama.cpp's parameters as far as this package sets them. */
interface Params {
  [field: string]: unknown
}

/**
 * ik_llama.cpp under llama.cpp's function names, so that the binding above it is one. Chains and narrow forks only: with graph reuse
 * off they give right logits, wide trees do not (design: engine facts). It has no words of its own here: they come from llama.cpp.
 */
export function ikFunctions(files: NativeFiles): Record<string, NativeFunction> {
  refuseOldProcessor()
  const ik = declare(koffi.load(files.llama), IK_FUNCTIONS)
  const of = (name: string) => ik[name] as NativeFunction
  return {
    llama_log_set: of('llama_log_set'),
    llama_backend_init: of('llama_backend_init'),
    llama_model_default_params: () => ({}),
    llama_context_default_params: () => ({}),
    llama_model_load_from_file: (file: string, params: Params) =>
      of('llama_model_load_from_file')(file, {
        ...of('llama_model_default_params')(),
        n_gpu_layers: 0,
        repack_tensors: params['use_extra_bufts'],
        use_mmap: params['use_extra_bufts'] !== true,
        ...(params['progress_callback'] !== undefined && { progress_callback: params['progress_callback'] }),
      }),
    llama_model_free: of('llama_free_model'),
    llama_init_from_model: (model: Pointer, params: Params) =>
      of('llama_init_from_model')(model, {
        ...of('llama_context_default_params')(),
        n_ctx: params['n_ctx'],
        n_batch: params['n_batch'],
        n_ubatch: params['n_ubatch'],
        n_seq_max: 1, // of a pass's sequences nothing depends on it; room for this many rows of logits is cleared before every pass
        flash_attn: params['flash_attn_type'] === 1,
        type_k: params['type_k'],
        type_v: params['type_v'],
        n_threads: params['n_threads'],
        n_threads_batch: params['n_threads_batch'],
        graph_reuse: false,
      }),
    llama_free: of('llama_free'),
    llama_get_memory: (context: Pointer) => context,
    llama_memory_seq_rm: of('llama_kv_cache_seq_rm'),
    llama_memory_seq_cp: of('llama_kv_cache_seq_cp'),
    llama_batch_init: of('llama_batch_init'),
    llama_batch_free: of('llama_batch_free'),
    llama_decode: of('llama_decode'),
    llama_get_logits: of('llama_get_logits'),
    llama_model_n_ctx_train: of('llama_n_ctx_train'),
    llama_model_desc: of('llama_model_desc'),
    llama_model_size: of('llama_model_size'),
    llama_model_n_params: of('llama_model_n_params'),
    llama_model_has_encoder: of('llama_model_has_encoder'),
    llama_model_has_decoder: of('llama_model_has_decoder'),
    llama_model_is_recurrent: of('llama_model_is_recurrent'),
    llama_model_is_hybrid: of('llama_model_is_hybrid'),
    llama_model_is_diffusion: () => false,
    checkLayout: () => checkLayout(of, files.llama),
  }
}

/** Known defaults at known places: another version would show here instead of crashing later. */
function checkLayout(of: (name: string) => NativeFunction, file: string): void {
  const model = of('llama_model_default_params')()
  const context = of('llama_context_default_params')()
  const expected =
    model.use_mmap === true &&
    model.vocab_only === false &&
    model.repack_tensors === false &&
    context.n_ctx === 512 &&
    context.n_batch === 2048 &&
    context.n_ubatch === 512 &&
    context.type_k === 1 &&
    context.type_v === 1 &&
    context.offload_kqv === true &&
    context.fused_up_gate === true
  if (!expected)
    throw new OuroborosError(
      'E_LIBRARY',
      `${file} has another layout than the ik_llama.cpp of ${IK_WHEEL.name} ${IK_WHEEL.version}: run "ouroboros engine install"`,
    )
}

/** An older processor would end the process. */
function refuseOldProcessor(): void {
  const missing = missingInstructions()
  if (missing.length > 0)
    throw new OuroborosError('E_PLATFORM', `ik_llama.cpp needs a processor with ${missing.join(', ')}: use --engine llama`)
}

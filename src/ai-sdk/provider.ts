import type { LanguageModelV3 } from '@ai-sdk/provider'
import type { Engine, GenerateRequest, LoadOptions } from '../api/types.ts'
import { OuroborosLanguageModel } from './language-model.ts'

/** How models are loaded, unless a loaded engine is given. */
export interface OuroborosSettings extends Omit<LoadOptions, 'target' | 'engine'> {
  /** As in `load`; or a loaded engine, which is used for every model id and not disposed of by the provider. */
  engine?: string | Engine
  /** What calls do not say themselves. */
  defaults?: Omit<GenerateRequest, 'prompt' | 'promptTokens' | 'messages' | 'signal'>
}

/** Models for the Vercel AI SDK, in this process: `generateText({ model: ouroboros('qwen2.5-coder-1.5b'), ... })`. */
export interface OuroborosProvider extends AsyncDisposable {
  (modelId: string): LanguageModelV3
  languageModel(modelId: string): LanguageModelV3
  /** Frees the engines that it loaded. */
  dispose(): Promise<void>
}

/** A provider; each model is loaded at its first call. Model ids are those of `load`: catalog ids, `hf:owner/repo/file.gguf`, paths. */
export function createOuroboros({ engine, defaults = {}, ...options }: OuroborosSettings = {}): OuroborosProvider {
  const engines = new Map<string, Promise<Engine>>()
  const engineOf = (target: string): Promise<Engine> => {
    if (typeof engine === 'object') return Promise.resolve(engine)
    const existing = engines.get(target)
    if (existing) return existing
    const loading = import('../runtime/engine.ts').then(({ load }) => load({ ...options, ...(engine && { engine }), target }))
    engines.set(target, loading)
    loading.catch(() => engines.delete(target)) // the next call tries again
    return loading
  }
  const languageModel = (modelId: string) => new OuroborosLanguageModel(modelId, () => engineOf(modelId), defaults)
  const dispose = async () => {
    const loaded = await Promise.allSettled(engines.values())
    engines.clear()
    for (const one of loaded) if (one.status === 'fulfilled') await one.value.dispose()
  }
  return Object.assign(languageModel, { languageModel, dispose, [Symbol.asyncDispose]: dispose })
}

import type { EngineFacts, ModelFacts } from '../api/types.ts'
import { library } from '../llama/library.ts'
import type { LlamaModel } from '../llama/model.ts'
import type { LoadedModels } from './loaded-models.ts'

/** What `engine.facts` says of the loaded models; the rest is the runtime's. */
export function engineFacts(models: LoadedModels, rest: Pick<EngineFacts, 'sessions' | 'tools' | 'loadMs'>): EngineFacts {
  const { target, draft, costs, exactness, settings } = models
  const { version, devices, kernels } = library()
  return {
    ...rest,
    library: `llama.cpp ${version}`,
    devices: devices.map((device) => `${device.name} (${device.description})`),
    contextLength: target.contextLength,
    endTokens: [...target.vocabulary.endTokens],
    threads: target.threads,
    target: modelFacts(target),
    draft: draft ? modelFacts(draft) : null,
    kernels: settings.kernels === false ? { set: null, about: 'switched off' } : { set: kernels.set ?? null, about: kernels.about },
    exact: exactness.different.length === 0,
    different: exactness.different,
    costs: costs ? { target: costs.target.curve, draft: costs.draft?.curve ?? null } : null,
  }
}

function modelFacts({ file, description, parameters, bytes, vocabSize, trainedContext }: LlamaModel): ModelFacts {
  return { file, description, parameters, bytes, vocabSize, trainedContext }
}

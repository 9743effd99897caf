import { OuroborosError } from '../core/errors.ts'
import { knownIds } from './catalog.ts'
import { homeFolder, modelsFolder } from './home.ts'
import { parseSpec } from './model-spec.ts'
import { isThere, type PullOptions, pull } from './pull.ts'

export interface ResolveOptions extends PullOptions {
  /** Download what is not there. Default false. */
  pull?: boolean
}

/** The local file of a catalog id, `hf:owner/repo/file.gguf`, or path. Throws `E_FILE` if it is not there, or like `pull`. */
export async function resolveModel(model: string, options: ResolveOptions = {}): Promise<string> {
  const { path, pullable } = parseSpec(model, modelsFolder(options.home ?? homeFolder()))
  if (await isThere(path, pullable)) return path
  if (!pullable)
    throw new OuroborosError(
      'E_FILE',
      `no such model: ${model} (neither a file nor one of ${knownIds()}; hf:owner/repo/file.gguf works too)`,
    )
  if (!options.pull) throw new OuroborosError('E_FILE', `${model} is not downloaded yet: run ouroboros pull ${model}`)
  return pull(model, options)
}

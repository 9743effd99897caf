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
  const { path, files } = parseSpec(model, modelsFolder(options.home ?? homeFolder()))
  if (files.length === 0) {
    if (await isThere(path)) return path
    throw new OuroborosError('E_FILE', `no such model: ${model} (neither a file nor ${knownIds()}; hf:owner/repo/file.gguf works too)`)
  }
  const there = await Promise.all(files.map((file) => isThere(file.path, file.pullable)))
  if (there.every(Boolean)) return path
  if (options.pull) return pull(model, options)
  const parts = files.length > 1 ? ` (part ${there.indexOf(false) + 1} of ${files.length} is missing)` : ''
  throw new OuroborosError('E_FILE', `${model} is not downloaded yet${parts}: run ouroboros pull ${model}`)
}

import { OuroborosError } from '../core/errors.ts'
import { inspectLibrary, type LibraryFacts } from '../engine/library-report.ts'
import { ENGINES, nativeFiles } from '../engine/platform.ts'

/** An engine, and what it is or why it cannot be used. */
export interface EngineState {
  readonly name: string
  /** Its libllama; `null`: not installed. */
  readonly path: string | null
  readonly facts: LibraryFacts | null
  /** Why it cannot be used; `null`: it can. */
  readonly reason: string | null
}

/** All engines that have a name; each that is there is loaded once, in another process. */
export async function listEngines(signal?: AbortSignal): Promise<EngineState[]> {
  const states: EngineState[] = []
  for (const name of ENGINES) {
    let path: string | null = null
    try {
      path = nativeFiles(name).llama
      states.push({ name, path, facts: await inspectLibrary(name, signal), reason: null })
    } catch (error) {
      if (!(error instanceof OuroborosError)) throw error
      states.push({ name, path, facts: null, reason: error.message })
    }
  }
  return states
}

import { closeSync, openSync, writeSync } from 'node:fs'
import { basename } from 'node:path'
import { DEFAULT_METHOD } from '../../api/methods.ts'
import type { TraceLine } from '../../api/trace-format.ts'
import type { Engine, GenerateRequest, GenerationResult, GenerationStep } from '../../api/types.ts'
import { OuroborosError } from '../../core/errors.ts'

/** Writes one answer's steps as lines of JSON. */
export class TraceFile {
  readonly #file: number
  #steps = 0

  constructor(path: string, engine: Engine, request: GenerateRequest) {
    try {
      this.#file = openSync(path, 'w')
    } catch (cause) {
      throw new OuroborosError('E_FILE', `cannot write the trace ${path}: ${(cause as Error).message}`, { cause })
    }
    const { target, draft } = engine.facts
    const prompt = request.prompt ?? request.messages?.at(-1)?.content ?? ''
    const names = { target: basename(target.file), draft: draft && basename(draft.file) }
    this.#write({ type: 'start', version: 1, ...names, method: request.method ?? DEFAULT_METHOD, prompt })
  }

  step({ tokens, trace }: GenerationStep): void {
    if (!trace) return
    const emitted = tokens.map(({ text, origin, source }) => ({ text, origin, ...(source && { source }) }))
    this.#write({ type: 'step', step: ++this.#steps, ...trace, emitted })
  }

  end({ finishReason, statistics }: GenerationResult): void {
    this.#write({ type: 'end', finish: finishReason, statistics })
    closeSync(this.#file)
  }

  #write(line: TraceLine): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`)
  }
}

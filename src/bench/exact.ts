import type { Engine, GenerateRequest, GenerationResult } from '../api/types.ts'
import type { BenchMethod } from './method.ts'
import type { Task } from './task.ts'

/** Texts to compare. */
export interface ExactPlan {
  readonly prompts: readonly { readonly task: Task; readonly prompt: string }[]
  readonly method: BenchMethod
  readonly maxTokens: number
  readonly temperature: number
  readonly seed: number
}

/** How many texts differ from plain decoding's. */
export interface ExactRow {
  readonly temperature: number
  readonly texts: number
  /** Of them: texts of the method that are not plain decoding's. */
  readonly different: number
  /** Of plain decoding. */
  readonly tokens: number
  /** Plain texts that were written again alone, and those that came out differently. */
  readonly alone: number
  readonly alone_different: number
}

/**
 * Whether texts are plain decoding's to the byte, whoever shares the passes. As many prompts as the engine has sessions are answered at once
 * by plain decoding, then by the method, then the first of them by plain decoding alone. Rejects with the signal's reason when aborted.
 */
export async function compareTexts(
  engine: Engine,
  { prompts, method, maxTokens, temperature, seed }: ExactPlan,
  signal: AbortSignal,
  onProgress: (row: ExactRow) => void,
): Promise<ExactRow> {
  let row: ExactRow = { temperature, texts: 0, different: 0, tokens: 0, alone: 0, alone_different: 0 }
  const { sessions } = engine.facts
  const write = async (request: GenerateRequest): Promise<GenerationResult> => {
    const result = await engine.generate({ ...request, signal }).result
    signal.throwIfAborted()
    return result
  }
  for (let at = 0; at < prompts.length; at += sessions) {
    const requests = prompts.slice(at, at + sessions).map(({ task, prompt }, i) => {
      const shared = { messages: [{ role: 'user' as const, content: prompt }], maxTokens, temperature, seed: seed + at + i }
      return { plain: { ...shared, method: 'vanilla' as const }, drafted: { ...shared, ...method.request(task, {}) } }
    })
    const plain = await Promise.all(requests.map((request) => write(request.plain)))
    const drafted = await Promise.all(requests.map((request) => write(request.drafted)))
    const alone = await write((requests[0] as (typeof requests)[0]).plain)
    row = {
      temperature,
      texts: row.texts + plain.length,
      different: row.different + plain.filter(({ text }, i) => text !== drafted[i]?.text).length,
      tokens: row.tokens + plain.reduce((total, { usage }) => total + usage.completionTokens, 0),
      alone: row.alone + 1,
      alone_different: row.alone_different + (alone.text === plain[0]?.text ? 0 : 1),
    }
    onProgress(row)
  }
  return row
}

import type { Engine, GeneratedToken, GenerateRequest, GenerationResult, GenerationStep } from '../../api/types.ts'

/** A finished (or aborted) generation with its tokens. */
export interface Answer {
  result: GenerationResult
  tokens: readonly GeneratedToken[]
}

/** Runs one generation to its end. */
export async function answer(engine: Engine, request: GenerateRequest, onStep: (step: GenerationStep) => void): Promise<Answer> {
  const generation = engine.generate(request)
  const tokens: GeneratedToken[] = []
  const follow = async (): Promise<void> => {
    for await (const step of generation) {
      tokens.push(...step.tokens)
      onStep(step)
    }
  }
  const [, result] = await Promise.all([follow(), generation.result])
  return { result, tokens }
}

import { afterAll, beforeAll } from 'vitest'
import type { Engine, GenerateRequest, LoadOptions } from '../../src/index.ts'
import { load, METHOD_NAMES } from '../../src/index.ts'

/**
 * A legal pair of one small model; one thread, so that a busy machine does not slow the passes down. No measured costs, so that what is
 * drafted does not depend on the machine; tests that compare texts load with them (`COSTS`), as users do.
 */
export const SMALL: LoadOptions = {
  target: 'smollm2-135m',
  draft: 'smollm2-135m',
  contextLength: 512,
  threads: 1,
  calibrate: false,
}

/** Costs are measured once, and texts must be plain decoding's. */
export const COSTS: Partial<LoadOptions> = { calibrate: true, exact: true }

export const METHODS = METHOD_NAMES

export const SEA: GenerateRequest = { messages: [{ role: 'user', content: 'Write one short sentence about the sea.' }], maxTokens: 32 }

/** An engine for the tests of one file. */
export function smallEngine(options: Partial<LoadOptions> = {}): () => Engine {
  let engine: Engine | undefined
  beforeAll(async () => {
    engine = await load({ ...SMALL, ...options })
  })
  afterAll(() => engine?.dispose())
  return () => engine as Engine
}

/** The generation's steps, and its result. */
export async function collect(engine: Engine, request: GenerateRequest) {
  const generation = engine.generate(request)
  const steps = []
  for await (const step of generation) steps.push(step)
  return {
    steps,
    tokens: steps.flatMap((step) => step.tokens),
    text: steps.map((step) => step.text).join(''),
    result: await generation.result,
  }
}

import { afterAll, beforeAll, describe, it } from 'vitest'
import { FakeModel, modelContract } from '../../src/testing/index.ts'

modelContract('FakeModel', { open: () => new FakeModel({ vocabSize: 100 }), tolerance: 0 }, { describe, it, beforeAll, afterAll })

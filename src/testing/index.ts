export { FakeEngine, type FakeEngineOptions } from './fake-engine.ts'
export { FakeModel, type FakeModelOptions } from './fake-model.ts'
export { type ContractOptions, modelContract, type Runner } from './model-contract.ts'
export { RandomDrafter } from './random-drafter.ts'

import type { DraftBudget, Drafter } from '../core/drafter.ts'
import { ROW_MATH } from '../core/logits-math.ts'
import type { ForwardInput, Logits } from '../core/model.ts'
import { uniform } from '../core/sampling/philox.ts'
import type { Token } from '../core/token.ts'
import { type NodeId, ROOT, TokenTree } from '../core/token-tree.ts'
import type { FakeModel } from './fake-model.ts'

/** Proposes random trees, right now and then: whatever it does, the text must stay plain decoding's. */
export class RandomDrafter implements Drafter {
  readonly #target: FakeModel
  readonly #seed: number
  #draws = 0

  constructor(target: FakeModel, seed: number) {
    this.#target = target
    this.#seed = seed
  }

  begin(): void {}

  // biome-ignore lint/correctness/useYield: chance needs no pass
  *propose(prefix: readonly Token[], room: DraftBudget): Generator<ForwardInput, TokenTree, Logits> {
    const tree = new TokenTree()
    const nodes = this.#draw(Math.min(room.maxNodes, 24) + 1)
    for (let i = 0; i < nodes; i++) {
      const parent: NodeId = this.#draw(tree.size + 1) - 1
      if (tree.depth(parent) >= room.maxDepth) continue
      const right = ROW_MATH.argmax(this.#target.rowAfter([...prefix, ...(parent === ROOT ? [] : tree.tokensTo(parent))]))
      const token = this.#draw(3) === 0 ? this.#draw(this.#target.vocabSize) : right
      tree.add(parent, token, { needsLogits: this.#draw(8) > 0, proposal: { origin: 'phrase' } })
    }
    return tree
  }

  observe(): void {}

  #draw(below: number): number {
    return Math.floor(uniform(this.#seed, this.#draws++) * below)
  }
}

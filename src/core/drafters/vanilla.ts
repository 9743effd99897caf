import type { Drafter } from '../drafter.ts'
import type { ForwardInput, Logits } from '../model.ts'
import { TokenTree } from '../token-tree.ts'

/** Proposes nothing: plain decoding, the baseline and the definition of the text. */
export class VanillaDrafter implements Drafter {
  begin(): void {}

  // biome-ignore lint/correctness/useYield: proposing nothing needs no pass
  *propose(): Generator<ForwardInput, TokenTree, Logits> {
    return new TokenTree()
  }

  observe(): void {}
}

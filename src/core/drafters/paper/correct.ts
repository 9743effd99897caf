import type { Token } from '../../token.ts'
import type { NodeId, TokenTree } from '../../token-tree.ts'
import type { PaperPool } from './pool.ts'

/**
 * Phrases from verification: from the rejected token on, each draft token is a key and the target's answers behind it are
 * its phrase, as far as draft and target agree; phrases that end early are dropped.
 */
export function learnFromRejection(pool: PaperPool, draft: readonly Token[], answers: readonly Token[], phraseLength: number): void {
  for (let k = 0; k < draft.length; k++) {
    const phrase: Token[] = []
    for (let j = k; j < draft.length && phrase.length < phraseLength; j++) {
      phrase.push(answers[j] as Token)
      if (j + 1 < draft.length && draft[j + 1] !== answers[j]) break
    }
    if (phrase.length === phraseLength) pool.insert(draft[k] as Token, phrase)
  }
}

/** In-place correction: the newest phrases of the key are overwritten by what the target said along the tried ones. */
export function correctSuffixes(
  pool: PaperPool,
  key: Token,
  tried: readonly (readonly Token[])[],
  tree: TokenTree,
  end: NodeId,
  target: (node: NodeId) => Token,
): void {
  const corrected = tried.map((phrase) => {
    const answers = [target(end)]
    let at = end
    for (const token of phrase) {
      at = tree.child(at, token) as NodeId
      answers.push(target(at))
    }
    return answers
  })
  pool.replaceNewest(key, corrected)
}

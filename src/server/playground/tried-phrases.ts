import type { StepTrace } from '../../api/types.ts'

/** A phrase as it was proposed: its tokens' text, how often, how many of its tokens were accepted. */
export interface TriedPhrase {
  text: string
  source: string
  tries: number
  proposed: number
  accepted: number
}

/** Phrases in the trees of some steps, the ones that saved most tokens first. */
export function triedPhrases(traces: Iterable<Pick<StepTrace, 'tree' | 'accepted'>>): TriedPhrase[] {
  const all = new Map<string, TriedPhrase>()
  for (const { tree, accepted } of traces) {
    const good = new Set(accepted)
    const inner = new Set(tree.flatMap(({ parent, origin }) => (origin === 'phrase' && tree[parent]?.origin === 'phrase' ? [parent] : [])))
    for (const [leaf, { origin, source }] of tree.entries()) {
      if (origin !== 'phrase' || inner.has(leaf)) continue
      const path: number[] = []
      for (let node = leaf; tree[node]?.origin === 'phrase'; node = tree[node]?.parent ?? -1) path.unshift(node)
      const text = path.map((node) => tree[node]?.text).join('')
      const row = all.get(text) ?? { text, source: source ?? '', tries: 0, proposed: 0, accepted: 0 }
      row.tries++
      row.proposed += path.length
      row.accepted += path.filter((node) => good.has(node)).length
      all.set(text, row)
    }
  }
  return [...all.values()].sort((a, b) => b.accepted - a.accepted || b.tries - a.tries)
}

/** A phrase is learned under several keys, one behind the other: the longest one says it all. */
export function byLongestKey(learned: StepTrace['learned']): StepTrace['learned'][number][] {
  return learned.filter(({ key, phrase }, i) => {
    const next = learned[i + 1]
    return !(next && next.phrase === phrase && next.key.endsWith(key))
  })
}

import { expect, test } from 'vitest'
import type { TraceNode } from '../../src/api/types.ts'
import { layOut } from '../../src/server/playground/tree-layout.ts'
import { triedPhrases } from '../../src/server/playground/tried-phrases.ts'

const node = (parent: number, text: string, origin: TraceNode['origin']): TraceNode => ({ parent, token: 1, text, origin })
/** draft a, then the phrases "b c" and "b d"; "e" beside a. */
const tree = [node(-1, 'a', 'draft'), node(0, 'b', 'phrase'), node(1, 'c', 'phrase'), node(1, 'd', 'phrase'), node(-1, 'e', 'phrase')]

test('phrases are the paths of phrase tokens; accepted ones come first', () => {
  expect(triedPhrases([{ tree, accepted: [0, 1, 3] }])).toMatchObject([
    { text: 'bd', tries: 1, proposed: 2, accepted: 2 },
    { text: 'bc', tries: 1, proposed: 2, accepted: 1 },
    { text: 'e', tries: 1, proposed: 1, accepted: 0 },
  ])
  expect(triedPhrases([])).toEqual([])
})

test("a tree's written path runs straight to the right and ends with the target's own token; the rest hangs below", () => {
  const { nodes, width, height } = layOut({ tree, accepted: [0, 1, 3] }, 'x')
  const straight = nodes.filter(({ y }) => y === nodes[0]?.y)
  expect(straight.map(({ label, fate }) => `${label} ${fate}`)).toEqual(['a accepted', 'b accepted', 'd accepted', 'x own'])
  expect(nodes.filter(({ fate }) => fate === 'refused').map(({ label }) => label)).toEqual(['c', 'e'])
  for (const { x, y, width: box } of nodes) {
    expect(x + box).toBeLessThanOrEqual(width)
    expect(y).toBeLessThan(height)
  }
})

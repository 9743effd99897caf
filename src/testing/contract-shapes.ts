import { uniform } from '../core/sampling/philox.ts'
import { type NodeId, ROOT, TokenTree } from '../core/token-tree.ts'

/** Draws a number below the one given. */
export type Draw = (below: number) => number

/** A tree of some shape with pseudo-random tokens below `words`. */
export type Shape = (draw: Draw, words: number) => TokenTree

/** Pseudo-random token ids, the same at every run; small ids are ordinary words in every vocabulary used. */
export function drawer(seed: number): Draw {
  let count = 0
  return (below) => Math.floor(uniform(seed, count++) * below)
}

/** Every shape that drafting and verification send to a model. */
export const SHAPES = {
  chain: (draw, words) => path(draw, words, 8),
  'long chain': (draw, words) => path(draw, words, 17),
  fork: (draw, words) => branches(path(draw, words, 1), draw, words, [0, 0], 2),
  'draft with suffixes at its end': (draw, words) => branches(path(draw, words, 6), draw, words, [5, 5, 5], 4),
  'guess set': (draw, words) => branches(path(draw, words, 1), draw, words, [0, 0, 0, 0, 0, 0], 4),
  'deep random tree': (draw, words) => {
    const tree = path(draw, words, 3)
    for (let i = 0; i < 20; i++) tree.add(draw(tree.size), draw(words))
    return tree
  },
  'lookahead window': (draw, words) => {
    const tree = path(draw, words, 6)
    for (let column = 0; column < 6; column++) {
      let at: NodeId = column
      for (let row = 0; row < 3; row++) at = tree.add(at, draw(words), { needsLogits: row === 2 })
    }
    return tree
  },
  'equal paths merged': (draw, words) => {
    const tree = path(draw, words, 2)
    const phrase = Array.from({ length: 4 }, () => draw(words))
    for (const length of [2, 4, 3]) tree.addPath(1, [...phrase.slice(0, length), draw(words)])
    return tree
  },
  'suffixes and branches before the end': (draw, words) => branches(path(draw, words, 6), draw, words, [0, 2, 2, 5, 5], 3),
} satisfies Record<string, Shape>

export function path(draw: Draw, words: number, length: number): TokenTree {
  const tree = new TokenTree()
  let at: NodeId = ROOT
  for (let i = 0; i < length; i++) at = tree.add(at, draw(words))
  return tree
}

function branches(tree: TokenTree, draw: Draw, words: number, parents: readonly NodeId[], length: number): TokenTree {
  for (const parent of parents) {
    let at = parent
    for (let i = 0; i < length; i++) at = tree.add(at, draw(words))
  }
  return tree
}

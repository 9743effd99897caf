import { uniform } from '../core/sampling/philox.ts'
import { type NodeId, ROOT, TokenTree } from '../core/token-tree.ts'

/** Draws a number below the one given. */
export type Draw = (below: number) => number

/** A tree of some shape with pseudo-random tokens below `vocabSize`. */
export type Shape = (draw: Draw, vocabSize: number) => TokenTree

/** Pseudo-random token ids, the same at every run; small ids are ordinary tokens in every vocabulary used. */
export function drawer(seed: number): Draw {
  let count = 0
  return (below) => Math.floor(uniform(seed, count++) * below)
}

/** Every shape that drafting and verification send to a model. */
export const SHAPES = {
  chain: (draw, vocabSize) => path(draw, vocabSize, 8),
  'long chain': (draw, vocabSize) => path(draw, vocabSize, 17),
  fork: (draw, vocabSize) => branches(path(draw, vocabSize, 1), draw, vocabSize, [0, 0], 2),
  'draft with suffixes at its end': (draw, vocabSize) => branches(path(draw, vocabSize, 6), draw, vocabSize, [5, 5, 5], 4),
  'guess set': (draw, vocabSize) => branches(path(draw, vocabSize, 1), draw, vocabSize, [0, 0, 0, 0, 0, 0], 4),
  'deep random tree': (draw, vocabSize) => {
    const tree = path(draw, vocabSize, 3)
    for (let i = 0; i < 20; i++) tree.add(draw(tree.size), draw(vocabSize))
    return tree
  },
  'lookahead window': (draw, vocabSize) => {
    const tree = path(draw, vocabSize, 6)
    for (let column = 0; column < 6; column++) {
      let at: NodeId = column
      for (let row = 0; row < 3; row++) at = tree.add(at, draw(vocabSize), { needsLogits: row === 2 })
    }
    return tree
  },
  'equal paths merged': (draw, vocabSize) => {
    const tree = path(draw, vocabSize, 2)
    const phrase = Array.from({ length: 4 }, () => draw(vocabSize))
    for (const length of [2, 4, 3]) tree.addPath(1, [...phrase.slice(0, length), draw(vocabSize)])
    return tree
  },
  'suffixes and branches before the end': (draw, vocabSize) => branches(path(draw, vocabSize, 6), draw, vocabSize, [0, 2, 2, 5, 5], 3),
} satisfies Record<string, Shape>

export function path(draw: Draw, vocabSize: number, length: number): TokenTree {
  const tree = new TokenTree()
  let at: NodeId = ROOT
  for (let i = 0; i < length; i++) at = tree.add(at, draw(vocabSize))
  return tree
}

function branches(tree: TokenTree, draw: Draw, vocabSize: number, parents: readonly NodeId[], length: number): TokenTree {
  for (const parent of parents) {
    let at = parent
    for (let i = 0; i < length; i++) at = tree.add(at, draw(vocabSize))
  }
  return tree
}

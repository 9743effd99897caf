import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Walk } from '../../src/core/index.ts'
import { checkLossless, type Setup, setup } from './setups.ts'

type Verify = typeof import('../../src/core/decoding/verify.ts').verify
const planted = vi.hoisted((): { walk?: unknown } => ({}))
vi.mock('../../src/core/decoding/verify.ts', async (load) => {
  const real = await load<typeof import('../../src/core/decoding/verify.ts')>()
  return { ...real, verify: (...args: Parameters<Verify>) => ((planted.walk as Verify | undefined) ?? real.verify)(...args) }
})

/** A walk with its rules left open, so that one at a time can be broken. */
interface Rules {
  /** Does the sampler pick every token, or only where no child was proposed? */
  trusts: boolean
  /** Does the pick see the tokens emitted in this step? */
  picksBlind: boolean
  /** Does an end token inside a draft end the answer? */
  runsOn: boolean
  /** Is `maxTokens` looked at inside a path? */
  overshoots: boolean
  /** May the bonus token be left out? */
  emitsNothing: boolean
}

function brokenWalk(rules: Partial<Rules>): Verify {
  return (tree, start, logits, sampler, prefix, limits): Walk => {
    const before = [...prefix]
    const accepted: number[] = []
    const emitted: Walk['emitted'][number][] = []
    let at = start
    for (;;) {
      const first = tree.children(at).find((node) => tree.needsLogits(node))
      const trusted = rules.trusts && first !== undefined
      const token = trusted ? tree.token(first) : sampler.pick(logits, at, rules.picksBlind ? before : prefix)
      const found = tree.child(at, token)
      const child = found !== undefined && tree.needsLogits(found) ? found : undefined
      if (child === undefined && rules.emitsNothing && emitted.length > 0) return { at, accepted, emitted: emitted.slice(0, -1) }
      emitted.push({ token, origin: 'target' })
      prefix.push(token)
      sampler.accept(token)
      if (child !== undefined) {
        accepted.push(child)
        at = child
      }
      if (limits.endTokens.has(token) && !(rules.runsOn && child !== undefined)) return { at, accepted, emitted, finish: 'stop' }
      if (emitted.length >= limits.maxTokens && !(rules.overshoots && child !== undefined))
        return { at, accepted, emitted, finish: 'length' }
      if (child === undefined) return { at, accepted, emitted }
    }
  }
}

/** Whether hundreds of random worlds with random drafts show a broken rule. */
function isCaught(rules: Partial<Rules>): boolean {
  planted.walk = brokenWalk(rules)
  const random = (world: Setup): Setup => ({ ...world, drafting: { ...world.drafting, method: 'random' } })
  return fc.check(
    fc.property(setup, (world) => checkLossless(random(world))),
    { numRuns: 300 },
  ).failed
}

describe('a broken walk is caught by the property of losslessness', () => {
  afterEach(() => {
    delete planted.walk
  })

  it('is not a matter of the planting: the same walk with no rule broken passes', () => {
    planted.walk = brokenWalk({})
    const origins = (world: Setup): Setup => ({ ...world, drafting: { ...world.drafting, method: 'random' } })
    fc.assert(
      fc.property(setup, (world) => checkLossless(origins(world))),
      { numRuns: 300 },
    )
  })
  it('accepts a child without asking the sampler', () => expect(isCaught({ trusts: true })).toBe(true))
  it('picks by the text before the step', () => expect(isCaught({ picksBlind: true })).toBe(true))
  it('runs on over an end token inside a draft', () => expect(isCaught({ runsOn: true })).toBe(true))
  it('overshoots maxTokens inside a path', () => expect(isCaught({ overshoots: true })).toBe(true))
  it('loses a token at the end of a path', () => expect(isCaught({ emitsNothing: true })).toBe(true))
})

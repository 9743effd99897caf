import { OuroborosError } from '../core/errors.ts'
import type { Item, Rule } from './gbnf.ts'

/** Throws E_GRAMMAR for a rule that begins with itself: it could be entered for ever without a character read. */
export function refuseLeftRecursion(rules: readonly Rule[]): void {
  const empty = rulesThatMayBeEmpty(rules)
  const mayBeEmpty = (item: Item) =>
    (item.kind === 'rule' && empty.has(item.rule)) || (item.kind === 'repeat' && (item.min === 0 || empty.has(item.rule)))
  const firsts = rules.map(({ alternatives }) => {
    const found = new Set<number>()
    for (const items of alternatives as Item[][])
      for (const item of items) {
        if (item.kind !== 'chars') found.add(item.rule)
        if (!mayBeEmpty(item)) break
      }
    return [...found]
  })
  // Depth first without recursion: rules may form chains of any length. 1 = on the way, 2 = done.
  const state = new Uint8Array(rules.length)
  for (let start = 0; start < rules.length; start++) {
    if (state[start] === 2) continue
    const path: { rule: number; next: number }[] = [{ rule: start, next: 0 }]
    state[start] = 1
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const other = firsts[top.rule]?.[top.next++]
      if (other === undefined) {
        state[top.rule] = 2
        path.pop()
      } else if (state[other] === 1) {
        throw new OuroborosError(
          'E_GRAMMAR',
          `the grammar's rule ${rules[other]?.name} begins with itself: put something before it, or repeat with * or +`,
        )
      } else if (state[other] === 0) {
        state[other] = 1
        path.push({ rule: other, next: 0 })
      }
    }
  }
}

/** Found by working upwards: a rule is looked at again only when something in it has become empty. */
function rulesThatMayBeEmpty(rules: readonly Rule[]): Set<number> {
  const empty = new Set<number>()
  const users = rules.map((): Set<number> => new Set())
  for (const [user, { alternatives }] of rules.entries())
    for (const item of (alternatives as Item[][]).flat()) if (item.kind !== 'chars') users[item.rule]?.add(user)
  const isEmpty = (item: Item) => item.kind !== 'chars' && (empty.has(item.rule) || (item.kind === 'repeat' && item.min === 0))
  const queue = rules.map((_, rule) => rule)
  for (let rule = queue.pop(); rule !== undefined; rule = queue.pop()) {
    if (empty.has(rule) || !rules[rule]?.alternatives?.some((items) => items.every(isEmpty))) continue
    empty.add(rule)
    for (const user of users[rule] as Set<number>) queue.push(user)
  }
  return empty
}

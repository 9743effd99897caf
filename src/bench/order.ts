/**
 * The order in which a prompt's methods run: at most two between two plain runs, so that each has one beside it (a machine's
 * speed swings within minutes). Every second prompt turns the order round, and then the methods rotate.
 */
export function interleave<T>(plain: T, methods: readonly T[], prompt: number): T[][] {
  const from = methods.length === 0 ? 0 : Math.floor(prompt / 2) % methods.length
  const rotated = [...methods.slice(from), ...methods.slice(0, from)]
  const groups: T[][] = []
  for (let i = 0; i < rotated.length; i += 2) groups.push(rotated.slice(i, i + 2))
  if (groups.length === 0) groups.push([])
  return groups.map((group) => {
    const [first, second] = group
    const order = first === undefined ? [plain] : second === undefined ? [plain, first] : [first, plain, second]
    return prompt % 2 === 0 ? order : order.reverse()
  })
}

/**
 * The order in which a prompt's methods run: they rotate, and every second prompt turns the order round, so that none of them always
 * comes first (a machine's speed swings within minutes).
 */
export function orderOf<T>(methods: readonly T[], prompt: number): T[] {
  const from = methods.length === 0 ? 0 : Math.floor(prompt / 2) % methods.length
  const rotated = [...methods.slice(from), ...methods.slice(0, from)]
  return prompt % 2 === 0 ? rotated : rotated.reverse()
}

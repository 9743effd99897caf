/** Mutation testing runs the properties hundreds of times: fewer worlds each, and always the same ones. */
const SHARE = Number(process.env['OUROBOROS_TEST_RUNS'] ?? 1)

/** How often fast-check tries a property. */
export function runs(count: number): { numRuns: number; seed?: number } {
  return { numRuns: Math.ceil(count * SHARE), ...(SHARE < 1 && { seed: 1 }) }
}

import type { Hardware } from '../bench/hardware.ts'
import { CONTROL } from '../core/control/constants.ts'
import { geometricMean, replayAll } from './cells.ts'
import type { Recording } from './recording.ts'

/** What becomes of the geometric mean of all speed-ups if one constant of cost control is halved, or doubled. */
export interface Variation {
  readonly name: string
  readonly value: number
  readonly halved: number
  readonly asIs: number
  readonly doubled: number
}

/** Varies each number of `CONTROL` in turn; the fitted weights of probabilities are left as they are. */
export async function varyConstants(recordings: readonly Recording[], machines: readonly Hardware[]): Promise<Variation[]> {
  const constants: Record<string, unknown> = CONTROL
  const mean = async () => geometricMean(await replayAll(recordings, machines, []))
  const meanWith = async (name: string, value: number) => {
    const own = constants[name]
    constants[name] = value
    try {
      return await mean()
    } finally {
      constants[name] = own
    }
  }
  const asIs = await mean()
  const variations: Variation[] = []
  for (const [name, value] of Object.entries(constants)) {
    if (typeof value !== 'number') continue
    variations.push({ name, value, halved: await meanWith(name, value / 2), asIs, doubled: await meanWith(name, value * 2) })
  }
  return variations
}

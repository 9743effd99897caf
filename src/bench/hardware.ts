import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { CostCurve } from '../core/cost-curve.ts'
import { OuroborosError } from '../core/errors.ts'

const curveSchema = z
  .strictObject({ widths: z.array(z.int().min(1)).min(1), seconds: z.array(z.number().positive()).min(1) })
  .refine(({ widths, seconds }) => widths.length === seconds.length, 'as many seconds as widths are expected')
  .refine(({ widths }) => widths[0] === 1, 'the widths must begin with 1')
  .refine(({ widths }) => widths.every((width, i) => i === 0 || width > (widths[i - 1] as number)), 'the widths must ascend')

/** `derivation`: how the curves were computed, for readers; programs use the curves. */
export const hardwareSchema = z.strictObject({
  name: z.string().min(1),
  note: z.string(),
  sources: z.array(z.string()).min(1),
  derivation: z.record(z.string(), z.unknown()).optional(),
  target: curveSchema,
  draft: curveSchema.nullable(),
})

/** Another machine's costs of passes. */
export interface Hardware {
  readonly name: string
  readonly note: string
  readonly target: CostCurve
  readonly draft: CostCurve | null
}

/** The files that come with the package. */
export const HARDWARE_FOLDER = fileURLToPath(new URL('../../hardware', import.meta.url))

/** Names of the shipped files, without the extension. */
export const hardwareNames = [
  'cpu-avx512',
  'cpu-avx512-q8',
  'cpu-zen4',
  'cpu-zen4-busy',
  'cpu-avx2',
  'cpu-stock',
  'flat-gpu',
  'a100-yi-34b',
  'a100-deepseek-33b',
  'a100-codellama-34b',
  'a100-llama2-70b',
]

/** Reads a file of cost curves, or the shipped one of that name. Throws `E_FILE`. */
export function readHardware(name: string): Hardware {
  const file = hardwareNames.includes(name) ? join(HARDWARE_FOLDER, `${name}.json`) : name
  if (!existsSync(file)) {
    const names = hardwareNames.join(', ')
    throw new OuroborosError('E_FILE', `no such hardware: received ${name}, give a JSON file of cost curves or one of ${names}`)
  }
  let value: unknown
  try {
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new OuroborosError('E_FILE', `cannot read ${basename(file)}: ${(cause as Error).message}`, { cause })
  }
  const outcome = hardwareSchema.safeParse(value)
  if (outcome.success) return outcome.data
  const [issue] = outcome.error.issues
  throw new OuroborosError('E_FILE', `${basename(file)} is no file of cost curves: ${issue?.path.join('.') || 'it'}: ${issue?.message}`)
}

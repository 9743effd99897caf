import type { Preset } from './types.ts'

type PaperPreset = Exclude<Preset, 'default'>

/** The scripts' parameters for the Yi pair (thunlp/Ouroboros 7dac65b): G = W and K = 3 throughout. */
export const PAPER_PARAMETERS: Readonly<Record<PaperPreset, { W: number; N: number; gamma: number }>> = {
  paper: { W: 20, N: 7, gamma: 12 },
  'paper-mbpp': { W: 18, N: 5, gamma: 12 },
  'paper-gsm8k': { W: 15, N: 6, gamma: 4 },
  'paper-cnndm': { W: 15, N: 5, gamma: 10 },
  'paper-wmt': { W: 16, N: 5, gamma: 5 },
}

export function isPaper(preset: Preset | undefined): preset is PaperPreset {
  return preset !== undefined && preset !== 'default'
}

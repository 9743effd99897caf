/** The published scripts' parameters for the Yi pair (thunlp/Ouroboros 7dac65b), in the paper's symbols; G = W and K = 3 throughout. */
export const PAPER_PARAMETERS = {
  paper: published({ W: 20, N: 7, gamma: 12 }),
  'paper-mbpp': published({ W: 18, N: 5, gamma: 12 }),
  'paper-gsm8k': published({ W: 15, N: 6, gamma: 4 }),
  'paper-cnndm': published({ W: 15, N: 5, gamma: 10 }),
  'paper-wmt': published({ W: 16, N: 5, gamma: 5 }),
}

/** What the published drafter takes. */
export interface PaperOptions {
  window: number
  ngram: number
  guesses: number
  suffixes: number
  draftLength: number
}

type PaperPreset = keyof typeof PAPER_PARAMETERS

/** Names of parameter sets; `default` is no paper's. */
export const PRESETS = ['default', ...(Object.keys(PAPER_PARAMETERS) as PaperPreset[])] as const

export type Preset = (typeof PRESETS)[number]

export function isPaper(preset: Preset | undefined): preset is PaperPreset {
  return preset !== undefined && preset !== 'default'
}

function published({ W, N, gamma }: { W: number; N: number; gamma: number }): PaperOptions {
  return { window: W, ngram: N, guesses: W, suffixes: 3, draftLength: gamma }
}

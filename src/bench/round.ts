import { interleave } from './order.ts'
import type { Measured, Sample } from './sample.ts'

/** Somebody who writes an answer and says how long it took. */
export interface Contender {
  readonly name: string
  run(prompt: string): Promise<Measured>
}

/** Contenders on the same prompts in turn. */
export interface Round {
  readonly target: string
  readonly task: string
  readonly prompts: readonly string[]
  readonly repeat: number
  /** The base of the speed-ups. */
  readonly plain: Contender
  readonly others: readonly Contender[]
  /** Our own plain decoding, where the base is somebody else's: it runs right behind the base. */
  readonly vanilla?: Contender
  /** Before the prompts of each repetition. */
  begin?(): Promise<void>
}

/** Measures a round; `onPrompt` gets each prompt's samples, the first plain run's too. */
export async function runRound(round: Round, onPrompt: (samples: readonly Sample[]) => void): Promise<void> {
  for (let repeat = 0; repeat < round.repeat; repeat++) {
    await round.begin?.()
    for (const [prompt, text] of round.prompts.entries()) onPrompt(await runPrompt(round, prompt, repeat, text))
  }
}

async function runPrompt(round: Round, prompt: number, repeat: number, text: string): Promise<Sample[]> {
  const { target, task, plain, others } = round
  const samples: Sample[] = []
  for (const group of interleave(plain, others, prompt + repeat)) {
    const results = new Map<Contender, Measured>()
    let vanilla: Measured | undefined
    for (const contender of group) {
      results.set(contender, await contender.run(text))
      if (contender === plain) vanilla = await round.vanilla?.run(text)
    }
    const base = { method: plain.name, measured: results.get(plain) as Measured }
    for (const [{ name }, measured] of results) {
      samples.push({ target, task, method: name, prompt, repeat, measured, base, vanilla: vanilla ?? base.measured })
    }
  }
  return samples
}

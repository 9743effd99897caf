import type { ChatMessage } from '../api/chat.ts'
import { orderOf } from './order.ts'
import type { Measured, Sample } from './sample.ts'
import type { Question } from './task.ts'
import { baseOf, type Contender, runTurn, type Turn } from './turn.ts'

/** Contenders on the same prompts in turn. */
export interface Round {
  readonly target: string
  readonly task: string
  readonly questions: readonly Question[]
  readonly repeat: number
  /** The base of the speed-ups. */
  readonly plain: Contender
  readonly others: readonly Contender[]
  /** Our own plain decoding, where the base is somebody else's: it has a turn as the others have. */
  readonly vanilla?: Contender
  /** Before the prompts of each repetition. */
  begin?(): Promise<void>
}

/** Measures a round; `onPrompt` gets each prompt's samples, those of the plain runs too. A turn of a question is a prompt. */
export async function runRound(round: Round, onPrompt: (samples: readonly Sample[]) => void): Promise<void> {
  for (let repeat = 0; repeat < round.repeat; repeat++) {
    await round.begin?.()
    let prompt = 0
    for (const question of round.questions) {
      let before: readonly ChatMessage[] = []
      for (const turn of question) {
        const messages = [...before, { role: 'user' as const, content: turn }]
        const samples = await runPrompt(round, prompt++, repeat, messages)
        onPrompt(samples)
        // Plain decoding's answer, for all: the next turn is the same prompt to everyone.
        before = [...messages, { role: 'assistant', content: (samples[0] as Sample).measured.text }]
      }
    }
  }
}

async function runPrompt(round: Round, prompt: number, repeat: number, messages: readonly ChatMessage[]): Promise<Sample[]> {
  const { target, task, plain, others, vanilla } = round
  const first = await plain.run(messages)
  const turns: Turn[] = []
  for (const contender of orderOf(vanilla ? [...others, vanilla] : others, prompt + repeat))
    turns.push(await runTurn(plain, contender, turns.at(-1)?.after ?? first, messages))

  const ours = turns.find(({ contender }) => contender === vanilla)
  const sampleOf = (method: string, measured: Measured, base: Measured, steady: boolean): Sample => ({
    ...{ target, task, method, prompt, repeat, measured, steady },
    base: { method: plain.name, measured: base },
    vanilla: ours ? atSpeedOf(base, ours) : base,
  })
  // A plain run is as good as the better of the turns that it frames.
  const plains = new Map<Measured, boolean>(turns.length === 0 ? [[first, true]] : [])
  for (const { before, after, steady } of turns) for (const run of [before, after]) plains.set(run, steady || plains.get(run) === true)
  return [
    ...[...plains].map(([run, steady]) => sampleOf(plain.name, run, { ...run, text: first.text, ids: first.ids }, steady)),
    ...turns.filter((turn) => turn !== ours).map((turn) => sampleOf(turn.contender.name, turn.measured, baseOf(turn), turn.steady)),
  ]
}

/** Our plain run as it would have been next to another turn of the base: at another speed of the machine. */
function atSpeedOf(base: Measured, ours: Turn): Measured {
  const scale = base.tokensPerSecond / baseOf(ours).tokensPerSecond
  return Number.isFinite(scale) ? { ...ours.measured, tokensPerSecond: ours.measured.tokensPerSecond * scale } : ours.measured
}

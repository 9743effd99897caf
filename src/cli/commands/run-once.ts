import picocolors from 'picocolors'
import type { ChatMessage, Engine, GenerateRequest } from '../../api/types.ts'
import { omitUndefined } from '../../core/omit-undefined.ts'
import type { RunFlags } from '../flags/run-flags.ts'
import { answer } from '../views/answer.ts'
import { comparisonReport } from '../views/comparison-report.ts'
import { Interrupted, interruptible } from '../views/interrupt.ts'
import { jsonReport } from '../views/json-report.ts'
import { LiveText } from '../views/live-text.ts'
import { legend } from '../views/origin-colors.ts'
import { statsReport } from '../views/stats-report.ts'
import type { Terminal } from '../views/terminal.ts'
import { TraceFile } from '../views/trace-file.ts'
import { type Compared, compare } from './compare.ts'

/** Answers one prompt in the way that the flags ask for. */
export async function runOnce(
  engine: Engine,
  prompt: string,
  flags: RunFlags,
  how: { request: Omit<GenerateRequest, 'prompt' | 'messages'>; color: boolean },
  terminal: Terminal,
): Promise<void> {
  const { color } = how
  const request: GenerateRequest = { ...how.request, ...(flags.raw ? { prompt } : { messages: messagesFor(prompt, flags.system) }) }
  const quiet = Boolean(flags.json)
  const { last, comparison, isInterrupted }: Compared = flags.compare
    ? await compare(engine, request, terminal, { color, quiet })
    : await stream(engine, request, terminal, { color, quiet, ...omitUndefined({ trace: flags.trace }) })

  const logprobs = flags.logprobs !== undefined
  if (flags.json)
    terminal.stdout.write(`${JSON.stringify(jsonReport(engine.facts, last, { logprobs, ...(comparison && { comparison }) }))}\n`)
  else if (comparison) terminal.stdout.write(`${comparisonReport(comparison, picocolors.createColors(color))}\n`)
  else if (flags.compare) {
    if (last.result.method === 'vanilla') terminal.stdout.write(`${last.result.text}\n`)
    terminal.stderr.write('interrupted: nothing to compare\n')
  }

  const paint = picocolors.createColors(Boolean(terminal.stderr.isTTY) && !terminal.env.NO_COLOR)
  if (flags.stats || (last.result.finishReason === 'abort' && !flags.json)) terminal.stderr.write(`${statsReport(last.result, paint)}\n`)
  if (isInterrupted) throw new Interrupted()
}

async function stream(
  engine: Engine,
  request: GenerateRequest,
  terminal: Terminal,
  how: { color: boolean; quiet: boolean; trace?: string },
): Promise<Compared> {
  const trace = how.trace === undefined ? undefined : new TraceFile(how.trace, engine, request)
  const text = new LiveText(terminal, how.color)
  if (how.color && !how.quiet) terminal.stderr.write(`${legend(picocolors.createColors(true))}\n\n`)
  const given = await interruptible(terminal, (signal) =>
    answer(engine, { ...request, signal, ...(trace && { trace: true }) }, (step) => {
      if (!how.quiet) text.step(step)
      trace?.step(step)
    }),
  )
  text.end()
  trace?.end(given.result)
  if (!how.quiet && !given.result.text.endsWith('\n')) terminal.stdout.write('\n')
  return { last: given, isInterrupted: given.result.finishReason === 'abort' }
}

function messagesFor(prompt: string, system: string | undefined): ChatMessage[] {
  const user: ChatMessage = { role: 'user', content: prompt }
  return system === undefined ? [user] : [{ role: 'system', content: system }, user]
}

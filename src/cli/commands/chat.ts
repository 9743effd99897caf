import { basename } from 'node:path'
import picocolors from 'picocolors'
import type { ChatMessage, Engine, GenerateRequest, GenerationResult } from '../../api/types.ts'
import { OuroborosError } from '../../core/errors.ts'
import { answer } from '../views/answer.ts'
import { INTERRUPTED, interruptible } from '../views/interrupt.ts'
import { LiveText } from '../views/live-text.ts'
import { legend } from '../views/origin-colors.ts'
import { ask } from '../views/question.ts'
import { speed, statsReport } from '../views/stats-report.ts'
import type { Terminal } from '../views/terminal.ts'

const HELP = `/help    this list
/reset   forget the conversation
/stats   statistics of the last answer
/exit    leave (Ctrl-D too)
Ctrl-C ends an answer; arrow keys recall and edit messages; pasted lines are one message.`

export interface ChatOptions {
  system?: string
  request: Omit<GenerateRequest, 'prompt' | 'messages'>
  color: boolean
  /** Print statistics after every answer. */
  stats: boolean
}

/** A conversation of several turns on a terminal. Returns the exit code. */
export async function chat(engine: Engine, options: ChatOptions, terminal: Terminal): Promise<number> {
  const { stdout, stderr } = terminal
  const paint = picocolors.createColors(Boolean(stderr.isTTY) && !terminal.env.NO_COLOR)
  const opening: ChatMessage[] = options.system === undefined ? [] : [{ role: 'system', content: options.system }]
  let messages = [...opening]
  let last: GenerationResult | undefined
  let interrupts = 0
  const history: string[] = []

  const turn = async (text: string): Promise<void> => {
    const asked: ChatMessage[] = [...messages, { role: 'user', content: text }]
    const live = new LiveText(terminal, options.color)
    const { result } = await interruptible(terminal, (signal) =>
      answer(engine, { ...options.request, messages: asked, signal }, (step) => live.step(step)),
    )
    live.end()
    messages = [...asked, { role: 'assistant', content: result.text }]
    last = result
    const ended = result.finishReason === 'stop' ? '' : `, ${result.finishReason === 'abort' ? 'interrupted' : 'cut at the token limit'}`
    stdout.write('\n')
    stderr.write(`${options.stats ? statsReport(result, paint) : paint.dim(`${speed(result.timings.predictedPerSecond)}${ended}`)}\n\n`)
  }

  const { target, draft } = engine.facts
  stderr.write(`${basename(target.file)}${draft ? `, drafts by ${basename(draft.file)}` : ''}; /help lists commands\n`)
  if (options.color) stderr.write(`${legend(picocolors.createColors(true))}\n`)
  stderr.write('\n')
  for (;;) {
    const reply = await ask(terminal, '> ', history)
    if (reply.kind === 'end') {
      stdout.write('\n')
      return 0
    }
    if (reply.kind === 'interrupt') {
      stdout.write('\n')
      if (++interrupts === 2) return INTERRUPTED
      stderr.write('Ctrl-C again leaves; so does /exit\n')
      continue
    }
    interrupts = 0
    const text = reply.text.trim()
    if (text === '') continue
    if (text === '/exit') return 0
    if (text === '/help') stderr.write(`${HELP}\n`)
    else if (text === '/stats') stderr.write(`${last ? statsReport(last, paint) : 'no answer yet'}\n`)
    else if (text === '/reset') {
      messages = [...opening]
      stderr.write('conversation forgotten\n')
    } else if (/^\/[a-z]+$/.test(text)) stderr.write(`no such command: ${text}; /help lists them\n`)
    else {
      try {
        await turn(text)
      } catch (error) {
        if (!(error instanceof OuroborosError) || error.code === 'E_ENGINE' || error.code === 'E_CLOSED') throw error
        stderr.write(`${paint.red(error.message)}${error.code === 'E_CONTEXT' ? '; /reset makes room' : ''}\n`)
      }
    }
  }
}

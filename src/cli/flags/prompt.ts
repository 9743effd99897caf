import { basename } from 'node:path'
import { OuroborosError } from '../../core/errors.ts'
import type { Terminal } from '../views/terminal.ts'
import { decode, readText } from './text-file.ts'

/** After this many milliseconds of silence on a pipe the user is told what the program waits for. */
const PATIENCE = 3000

/** The parts of a prompt, as the command line gives them. */
export interface PromptParts {
  argument?: string
  files: readonly string[]
  /** What was piped in. */
  piped?: string
}

/** Argument, then files, then piped text. `raw` adds nothing to the parts but line breaks between them. */
export function joinPrompt(parts: PromptParts, raw: boolean): string {
  const files = parts.files.map((file) => ({ file, text: readText(file) }))
  const shown = files.map(({ file, text }) => (raw ? text : `${basename(file)}:\n\`\`\`\n${text.replace(/\n$/, '')}\n\`\`\``))
  const all = [parts.argument, ...shown, parts.piped].filter((part) => part !== undefined && part !== '')
  const prompt = raw ? all.join('\n') : all.join('\n\n').trim()
  if (prompt.trim() === '')
    throw new OuroborosError('E_PROMPT', 'the prompt is empty: give some text as an argument, with --file, or through a pipe')
  return prompt
}

/** All of standard input, or undefined on a terminal. */
export async function readPipe(terminal: Terminal): Promise<string | undefined> {
  const { stdin, stderr } = terminal
  if (stdin.isTTY) return undefined
  const hint = setTimeout(() => stderr.write('reading standard input; end it, or start with < /dev/null\n'), PATIENCE)
  const chunks: Buffer[] = []
  try {
    for await (const chunk of stdin) {
      clearTimeout(hint)
      chunks.push(Buffer.from(chunk))
    }
  } finally {
    clearTimeout(hint)
  }
  return decode(Buffer.concat(chunks), 'standard input')
}

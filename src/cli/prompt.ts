import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { OuroborosError } from '../core/errors.ts'
import type { Terminal } from './terminal.ts'

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
export async function joinPrompt(parts: PromptParts, raw: boolean): Promise<string> {
  const files = await Promise.all(parts.files.map(async (file) => ({ file, text: await readText(file) })))
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

async function readText(file: string): Promise<string> {
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw new OuroborosError('E_FILE', `cannot read ${file}: ${reason(cause)}`, { cause })
  })
  return decode(bytes, file)
}

function decode(bytes: Buffer, what: string): string {
  if (bytes.includes(0)) throw new OuroborosError('E_FILE', `${what} is not text: it contains zero bytes`)
  return bytes.toString('utf8').replace(/^\ufeff/, '')
}

function reason(cause: NodeJS.ErrnoException): string {
  const known: Record<string, string> = { ENOENT: 'no such file', EISDIR: 'it is a folder', EACCES: 'no permission' }
  return known[cause.code ?? ''] ?? cause.message
}

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify, stripVTControlCharacters } from 'node:util'
import { OuroborosError } from '../../core/errors.ts'
import type { Measured } from '../sample.ts'
import { lookaheadArguments, type PeerSetting } from './arguments.ts'
import type { PeerRequest } from './llama-server.ts'

/** Runs llama.cpp's lookahead example on a rendered prompt; it loads the model each time. Throws `E_ENGINE`; the signal's reason. */
export async function runLookahead(
  program: string,
  setting: PeerSetting,
  prompt: string,
  request: PeerRequest,
  signal: AbortSignal,
): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'ouroboros-lookahead-'))
  try {
    const promptFile = join(folder, 'prompt.txt')
    writeFileSync(promptFile, `${prompt}\n`) // the program drops one line break at the end
    const options = { maxBuffer: 2 ** 26, signal }
    const output = await promisify(execFile)(program, lookaheadArguments(setting, { ...request, promptFile }), options)
    return readLookahead(output.stdout, output.stderr, prompt)
  } catch (cause) {
    signal.throwIfAborted()
    if (cause instanceof OuroborosError) throw cause
    throw new OuroborosError('E_ENGINE', `llama-lookahead failed: ${(cause as Error).message.slice(-300)}`, { cause })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What the example wrote: prompt and answer on standard output, its figures on standard error. Throws `E_ENGINE` if they are not there. */
export function readLookahead(stdout: string, stderr: string, prompt: string): Measured {
  const [, promptTokens, promptSeconds] = /encoded\s+(\d+) tokens in\s+([\d.]+) seconds/.exec(stderr) ?? []
  const [, decoded, seconds, speed] = /decoded\s+(\d+) tokens in\s+([\d.]+) seconds, speed:\s+([\d.]+)/.exec(stderr) ?? []
  const [, accepted] = /n_accept\s+=\s+(\d+)/.exec(stderr) ?? []
  if (decoded === undefined) throw new OuroborosError('E_ENGINE', `llama-lookahead wrote no figures: ${stderr.trim().slice(-300)}`)
  const plain = stripVTControlCharacters(stdout)
  const answer = plain.slice(plain.indexOf(prompt) + prompt.length)
  const decodedTokens = Number(decoded)
  return {
    // Its end token is written too, and four line breaks.
    text: answer.replace(/\n{4}$/, '').replace(/(<\|[^|]*\|>|<\/s>)$/, ''),
    ids: null,
    promptTokens: Number(promptTokens),
    tokens: decodedTokens + 1,
    decodedTokens,
    decodedMs: 1000 * Number(seconds),
    tokensPerSecond: Number(speed),
    promptMs: 1000 * Number(promptSeconds),
    engineMs: null,
    targetPasses: decodedTokens + 1 - Number(accepted),
    draftPasses: null,
    histogram: null,
    widths: null,
    joules: null,
    rssBytes: null,
  }
}

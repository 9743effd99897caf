import { constants } from 'node:fs'
import { access, mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { OuroborosError } from '../core/errors.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Where models and measurements are kept: `OUROBOROS_HOME`, default `${XDG_CACHE_HOME:-~/.cache}/ouroboros`. */
export function homeFolder(env: Environment = process.env): string {
  if (env.OUROBOROS_HOME) return resolve(env.OUROBOROS_HOME)
  return join(env.XDG_CACHE_HOME ? resolve(env.XDG_CACHE_HOME) : join(homedir(), '.cache'), 'ouroboros')
}

/** Folder of the pulled model files. */
export function modelsFolder(home: string = homeFolder()): string {
  return join(home, 'models')
}

/** Makes `folder` if it is not there; `E_FILE` if it cannot be made or written to. */
export async function ensureFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder)
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw unusable(folder, error)
  }
}

/** An `E_FILE` that says how to choose another folder. */
export function unusable(folder: string, cause: unknown): OuroborosError {
  const reason = (cause as NodeJS.ErrnoException).code ?? String(cause)
  return new OuroborosError(
    'E_FILE',
    `cannot write to the cache folder ${folder} (${reason}): set OUROBOROS_HOME to a folder that you may write to`,
    { cause },
  )
}

/** mkdir's own `recursive` never returns below a folder such as /proc (Node 20). */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || dirname(folder) === folder) throw error
    await makeFolder(dirname(folder))
    await mkdir(folder).catch((again) => (again.code === 'EEXIST' ? undefined : Promise.reject(again)))
  }
}

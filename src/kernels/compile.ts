import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import { basename, delimiter, join, resolve } from 'node:path'
import { COMPILER_FLAGS, INSTRUCTION_SETS, type InstructionSet } from './instruction-set.ts'
import { runProgram } from './run.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface Compiler {
  /** How messages call it. */
  readonly name: string
  /** Program and first arguments. */
  readonly command: readonly string[]
  /** In place of the instruction set's. */
  readonly flags?: readonly string[]
  /** For its environment. */
  readonly env?: Environment
}

export interface FoundCompiler extends Compiler {
  /** Changes with the compiler's file. */
  readonly identity: string
}

/** Commands of C++ compilers, in the order in which they are tried. */
export function compilerNames(env: Environment): string[] {
  return [env['CXX'] ?? '', 'c++', 'g++', 'clang++']
}

/** Those of the commands `names` that this machine has; one file once. */
export function findCompilers(env: Environment, names = compilerNames(env)): FoundCompiler[] {
  const found = new Map<string, FoundCompiler>()
  for (const command of names) {
    const [program, ...args] = command.split(/\s+/).filter(Boolean)
    const file = program && findProgram(program, env)
    if (!file) continue
    const real = realpathSync(file)
    const { size, mtimeMs } = statSync(real)
    const identity = [real, size, mtimeMs, ...args].join(' ')
    // Some compilers behave by the name that they are called by.
    if (!found.has(identity)) found.set(identity, { name: basename(file), command: [file, ...args], identity })
  }
  return [...found.values()]
}

function findProgram(name: string, env: Environment): string | undefined {
  const files = name.includes('/')
    ? [resolve(name)]
    : (env['PATH'] ?? '')
        .split(delimiter)
        .filter(Boolean)
        .map((folder) => join(folder, name))
  return files.find((file) => {
    try {
      accessSync(file, constants.X_OK)
      return statSync(file).isFile()
    } catch {
      return false
    }
  })
}

/**
 * Compiles `files` to the library `out`, all at once, in at most `timeout` ms; object files go to the folder `temporary`.
 * Returns undefined, or in one line why it failed.
 */
export function compile(
  compiler: Compiler,
  files: readonly string[],
  set: InstructionSet,
  { temporary, out, timeout, env }: { temporary: string; out: string; timeout: number; env: Environment },
): string | undefined {
  const flags = [...COMPILER_FLAGS, ...(compiler.flags ?? INSTRUCTION_SETS[set].compiler)]
  const objects = files.map((file) => join(temporary, `${basename(file)}.o`))
  const each = files.map((file, i) => shellQuoted([...compiler.command, ...flags, '-c', file, '-o', objects[i] as string]))
  const link = shellQuoted([...compiler.command, ...flags, '-shared', '-s', ...objects, '-o', out])
  // An object file that is missing fails the link.
  const script = `${each.map((line) => `${line} &`).join('\n')}\nwait\n${link}`
  return runProgram(['/bin/sh', '-c', script], timeout, join(temporary, 'log'), { ...env, LC_ALL: 'C', ...compiler.env })
}

function shellQuoted(command: readonly string[]): string {
  return command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
}

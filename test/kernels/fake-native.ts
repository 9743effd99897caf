import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { KernelOptions } from '../../src/kernels/library.ts'

/** What /proc/cpuinfo calls the instruction sets, worst first. */
export const FLAGS = {
  avx2: 'avx2 fma f16c',
  avxvnni: 'avx2 fma f16c avx_vnni',
  avx512: 'avx2 fma f16c avx_vnni avx512f avx512bw avx512vl avx512dq avx512_vnni',
}

/** A machine with AVX2. */
export const AVX2 = { platform: 'linux', arch: 'x64', cpuinfo: `flags\t\t: fpu ${FLAGS.avx2}\n` }

/** A folder that is gone after the test, or when `after` says. */
export function temporaryFolder(after: (done: () => void) => void = onTestFinished): string {
  const folder = mkdtempSync(join(tmpdir(), 'ouroboros-kernels-test-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export interface Setup {
  readonly folder: string
  readonly options: KernelOptions & { readonly env: Record<string, string> }
  readonly lines: string[]
  /** Makes an executable shell script in the one folder of the PATH. */
  program(name: string, body: string): string
}

/** Sources of a library that says that it is for AVX2, an empty cache, and a PATH without compilers. */
export function setup(after?: (done: () => void) => void): Setup {
  const folder = temporaryFolder(after)
  const [sources, bin] = ['native', 'bin'].map((name) => join(folder, name)) as [string, string]
  for (const path of [sources, bin]) mkdirSync(path)
  writeFileSync(join(sources, 'name.h'), '#define NAME "1 avx2"\n')
  writeFileSync(
    join(sources, 'version.cpp'),
    '#include "name.h"\nextern "C" __attribute__((visibility("default"))) const char * ouroboros_kernels_version() { return NAME; }\n',
  )
  const lines: string[] = []
  const program = (name: string, body: string) => {
    const file = join(bin, name)
    writeFileSync(file, `#!/bin/sh\n${body}\n`)
    chmodSync(file, 0o755)
    return file
  }
  const env = { PATH: bin, OUROBOROS_HOME: join(folder, 'home') }
  const options = {
    onLine: (line: string) => void lines.push(line),
    env,
    machine: AVX2,
    sources,
    prebuilt: join(folder, 'prebuilt'),
    python: join(folder, 'no-python'),
  }
  return { folder, options, lines, program }
}

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { instructionSetFor } from '../../src/kernels/instruction-set.ts'
import { type KernelChoice, kernelLibrary } from '../../src/kernels/library.ts'
import { homeFolder } from '../../src/models/home.ts'
import { temporaryFolder } from '../kernels/fake-native.ts'

const { platform, arch, env } = process
const cpuinfo = platform === 'linux' ? readFileSync('/proc/cpuinfo', 'utf8') : ''
const set = instructionSetFor({ platform, arch, cpuinfo }, undefined)
const said = (choice: KernelChoice) => ('reason' in choice ? choice.reason : choice.source)

/** The package's sources, real compilers and pip. */
describe.skipIf(typeof set !== 'string')('the kernels of this package', () => {
  it('are compiled on this machine, by its compiler if it has one', () => {
    const folder = temporaryFolder()
    const choice = kernelLibrary({ env: { ...env, OUROBOROS_HOME: folder, OUROBOROS_KERNELS: undefined }, prebuilt: folder })
    expect(said(choice)).toMatch(/^(compiled|zig)$/)
  })

  it('are compiled by Zig where no compiler is to be found', () => {
    // In the user's cache: Zig is downloaded once. Python is looked for where it is, compilers are not.
    const folder = temporaryFolder()
    const hidden = { HOME: env['HOME'], OUROBOROS_HOME: homeFolder(), PATH: folder }
    const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim()
    const choice = kernelLibrary({ env: hidden, python, prebuilt: folder, onLine: console.log })
    expect(said(choice)).toBe('zig')
  })

  it('are taken from that cache afterwards, without a word', () => {
    const folder = temporaryFolder()
    const lines: string[] = []
    const hidden = { OUROBOROS_HOME: homeFolder(), PATH: folder }
    const choice = kernelLibrary({ env: hidden, python: join(folder, 'none'), prebuilt: folder, onLine: (line) => void lines.push(line) })
    expect(said(choice)).toBe('zig')
    expect(lines).toEqual([])
  })
})

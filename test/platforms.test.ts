import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { GGML_BASE_FUNCTIONS, GGML_FUNCTIONS, LLAMA_FUNCTIONS } from '../src/llama/declarations.ts'
import { librariesAmong, nativeFiles } from '../src/llama/platform.ts'
import { machO, type NativeSymbol, pe, universal } from './native-files.ts'

const script = fileURLToPath(new URL('../scripts/exports/read.mjs', import.meta.url))
const { exportsOf } = (await import(script)) as { exportsOf(bytes: Buffer, processor: string): Set<string> }

/** What lies in each platform's package. */
const LISTINGS: Readonly<Record<string, { names: string; base: string; ggml: string; llama: string }>> = {
  'linux-x64': {
    names:
      'libggml-base.so libggml-cpu-alderlake.so libggml-cpu-haswell.so libggml-cpu-x64.so libggml-cpu-zen4.so libggml.v0.4.0.so libllama-common.so libllama.v0.4.0.so llama-addon.node _nlcBuildMetadata.json',
    base: 'libggml-base.so',
    ggml: 'libggml.v0.4.0.so',
    llama: 'libllama.v0.4.0.so',
  },
  'linux-x64-vulkan': {
    names:
      'libggml-base.so libggml-cpu-haswell.so libggml-cpu-x64.so libggml-vulkan.so libggml.vulkan.v0.4.0.so libllama-common.so libllama.vulkan.v0.4.0.so llama-addon.node',
    base: 'libggml-base.so',
    ggml: 'libggml.vulkan.v0.4.0.so',
    llama: 'libllama.vulkan.v0.4.0.so',
  },
  'linux-arm64': {
    names:
      'libggml-base.so libggml-cpu-armv8.0_1.so libggml-cpu-armv8.2_3.so libggml-cpu-armv9.2_2.so libggml.v0.4.0.so libllama-common.so libllama.v0.4.0.so llama-addon.node',
    base: 'libggml-base.so',
    ggml: 'libggml.v0.4.0.so',
    llama: 'libllama.v0.4.0.so',
  },
  'mac-arm64-metal': {
    names:
      'libggml-base.dylib libggml-blas.so libggml-cpu-apple_m1.so libggml-cpu-apple_m2_m3.so libggml-cpu-apple_m4.so libggml-metal.so libggml.metal.v0.4.0.dylib libllama-common.dylib libllama.metal.v0.4.0.dylib llama-addon.node',
    base: 'libggml-base.dylib',
    ggml: 'libggml.metal.v0.4.0.dylib',
    llama: 'libllama.metal.v0.4.0.dylib',
  },
  'mac-x64': {
    names:
      'libggml-base.dylib libggml-blas.so libggml-cpu-haswell.so libggml-cpu-x64.so libggml.v0.4.0.dylib libllama-common.dylib libllama.v0.4.0.dylib llama-addon.node',
    base: 'libggml-base.dylib',
    ggml: 'libggml.v0.4.0.dylib',
    llama: 'libllama.v0.4.0.dylib',
  },
  'win-x64': {
    names:
      'ggml-base.dll ggml-cpu-haswell.dll ggml-cpu-x64.dll ggml.v0.4.0.dll llama-addon.lib llama-addon.node llama-common.dll llama.v0.4.0.dll',
    base: 'ggml-base.dll',
    ggml: 'ggml.v0.4.0.dll',
    llama: 'llama.v0.4.0.dll',
  },
  'win-arm64': {
    names: 'ggml-base.dll ggml-cpu.dll ggml.v0.4.0.dll llama-addon.lib llama-addon.node llama-common.dll llama.v0.4.0.dll',
    base: 'ggml-base.dll',
    ggml: 'ggml.v0.4.0.dll',
    llama: 'llama.v0.4.0.dll',
  },
  'a build of llama.cpp itself': {
    names: 'libggml-base.so libggml-base.so.0 libggml-cpu.so libggml.so libggml.so.0 libllama.so libllama.so.0 libmtmd.so',
    base: 'libggml-base.so',
    ggml: 'libggml.so',
    llama: 'libllama.so',
  },
}

describe('platforms', () => {
  it.each(Object.entries(LISTINGS))('the libraries of %s are found among its files', (_, { names, ...files }) => {
    expect(librariesAmong(names.split(' '))).toEqual(files)
    expect(librariesAmong(names.split(' ').reverse())).toEqual(files)
  })

  it('a folder that lacks one of the three is none', () => {
    expect(librariesAmong(['libllama.so', 'libggml.so', 'libggml-cpu.so'])).toBeUndefined()
    expect(librariesAmong([])).toBeUndefined()
  })
})

describe('exports of native libraries', () => {
  const symbols: NativeSymbol[] = [
    { name: 'llama_decode', kind: 'exported' },
    { name: 'helper', kind: 'private' },
    { name: 'malloc', kind: 'undefined' },
    { name: 'llama_free', kind: 'exported' },
  ]
  const exported = ['llama_decode', 'llama_free']

  it('this platform’s package has every function that is used', () => {
    const { base, ggml, llama } = nativeFiles(undefined)
    for (const [file, prototypes] of [
      [llama, LLAMA_FUNCTIONS],
      [ggml, GGML_FUNCTIONS],
      [base, GGML_BASE_FUNCTIONS],
    ] as const) {
      const names = exportsOf(readFileSync(file), process.arch)
      const used = [...prototypes.matchAll(/(\w+)\(/g)].map(([, name]) => name as string)
      expect(used.filter((name) => !names.has(name))).toEqual([])
      expect(names).not.toContain('malloc')
    }
  })

  it('of macOS: what others can see, without the underscore', () => {
    expect([...exportsOf(machO('arm64', symbols), 'arm64')]).toEqual(exported)
  })

  it('of a universal file: the part for the processor that was asked for', () => {
    const intel: NativeSymbol[] = [{ name: 'intel', kind: 'exported' }]
    const both = universal([
      ['x64', machO('x64', intel)],
      ['arm64', machO('arm64', symbols)],
    ])
    expect([...exportsOf(both, 'arm64')]).toEqual(exported)
    expect([...exportsOf(both, 'x64')]).toEqual(['intel'])
  })

  it('of Windows: the names of the export table, if there is one', () => {
    expect([...exportsOf(pe('x64', exported), 'x64')]).toEqual(exported)
    expect(exportsOf(pe('arm64', []), 'arm64').size).toBe(0)
  })

  it('a file of another processor, or none at all, is refused', () => {
    expect(() => exportsOf(machO('x64', symbols), 'arm64')).toThrow('it is for x64, not for arm64')
    expect(() => exportsOf(pe('arm64', exported), 'x64')).toThrow('it is for arm64, not for x64')
    expect(() => exportsOf(Buffer.from('not a library'.repeat(20)), 'x64')).toThrow('not a native library')
    expect(() => exportsOf(Buffer.alloc(3), 'x64')).toThrow('not a native library')
    expect(() => exportsOf(readFileSync(join(import.meta.dirname, 'golden', 'README.md')), 'x64')).toThrow('not a native library')
  })
})

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { instructionSetFor } from '../../src/kernels/instruction-set.ts'
import { type KernelChoice, kernelLibrary } from '../../src/kernels/library.ts'
import { kernelSources } from '../../src/kernels/sources.ts'
import { FLAGS, type Setup, setup } from './fake-native.ts'

const COMPILER = ['/usr/bin/g++', '/usr/bin/clang++', '/usr/bin/c++'].find((file) => existsSync(file))
const BUILT = new URL('../../dist/kernels/library.js', import.meta.url)
const machine = (cpuinfo: string, platform = 'linux', arch = 'x64') => ({ platform, arch, cpuinfo })
const reason = (choice: KernelChoice) => ('reason' in choice ? choice.reason : `a library: ${choice.file}`)
const damage = (file: string | undefined) => writeFileSync(file as string, 'damaged')

describe('the instruction set', () => {
  it.each(Object.entries(FLAGS))('is the best that the processor has: %s', (name, flags) => {
    expect(instructionSetFor(machine(`processor : 0\nflags\t\t: fpu ${flags}\nbugs : x\n`), undefined)).toBe(name)
  })

  it('is dotprod on ARM', () => {
    expect(instructionSetFor(machine('Features\t: fp asimd asimddp asimdhp\n', 'linux', 'arm64'), undefined)).toBe('dotprod')
  })

  it('can be forced to a lower one', () => {
    expect(instructionSetFor(machine(`flags : ${FLAGS.avx512}\n`), 'avx2')).toBe('avx2')
    expect(instructionSetFor(machine(`flags : ${FLAGS.avx512}\n`), 'avxvnni')).toBe('avxvnni')
  })

  it.each([
    ['no AVX2', 'flags : fpu sse2 fma f16c', 'linux', 'x64', undefined, /no avx2, which/],
    ['an ARM processor without dot products', 'Features : fp asimd asimdhp', 'linux', 'arm64', undefined, /no asimddp, which/],
    ['an unreadable processor', '', 'linux', 'x64', undefined, /no avx2, fma, f16c/],
    ['another platform', '', 'darwin', 'arm64', undefined, /no kernels for darwin-arm64/],
    ['kernels that are off', `flags : ${FLAGS.avx512}`, 'linux', 'x64', 'off', /OUROBOROS_KERNELS is off/],
    ['a forced one that the processor lacks', `flags : ${FLAGS.avx2}`, 'linux', 'x64', 'avx512', /has no avx512f/],
    ['a forced one of another architecture', `flags : ${FLAGS.avx2}`, 'linux', 'x64', 'dotprod', /linux-x64 does not have/],
    ['an unknown forced one', `flags : ${FLAGS.avx2}`, 'linux', 'x64', 'avx10', /"avx10": give off, avx512/],
  ])('is none with its reason for %s', (_, cpuinfo, platform, arch, forced, expected) => {
    expect(instructionSetFor(machine(cpuinfo, platform, arch), forced)).toEqual({ reason: expect.stringMatching(expected) })
  })
})

describe('stock kernels, with the reason in one line', () => {
  it('are for a machine without compiler and Python', () => {
    const { options, lines } = setup()
    const said = reason(kernelLibrary(options))
    expect(said).toMatch(/no C\+\+ compiler is installed; pip: .*ENOENT\): install g\+\+ or pip/)
    expect(said).not.toContain('\n')
    expect(lines).toEqual([expect.stringMatching(/getting Zig .*MB/)])
  })

  it('are for a pip that fails, and it is not asked again at once', () => {
    const { options, program, lines } = setup()
    const python = program('python', 'echo "ERROR: no network" >&2; exit 1')
    const first = kernelLibrary({ ...options, python })
    expect(reason(first)).toContain('pip: no network')
    expect(kernelLibrary({ ...options, python })).toEqual(first)
    expect(lines).toHaveLength(1)
  })

  it('are for compilers that fail, and the reason is short', () => {
    const { options, program } = setup()
    program(
      'c++',
      'for i in 1 2 3 4 5 6 7 8 9; do echo "noise $i of a long log" >&2; done; echo "x.cpp:1: error: no such thing" >&2; exit 1',
    )
    const said = reason(kernelLibrary(options))
    expect(said).toContain('c++: x.cpp:1: error: no such thing')
    expect(said).not.toContain('noise')
  })

  it('are for a package without kernels and sources', () => {
    const { options, folder } = setup()
    expect(reason(kernelLibrary({ ...options, sources: join(folder, 'nothing') }))).toMatch(/install it again/)
  })

  it('leave nothing but the remembered failure in the cache', () => {
    const { options, program } = setup()
    program('g++', 'exit 1')
    kernelLibrary(options)
    const left = readdirSync(join(options.env['OUROBOROS_HOME'] as string, 'kernels'))
    expect(left).toEqual([expect.stringMatching(/\.failed\.json$/)])
  })
})

describe.skipIf(process.platform !== 'linux' || process.arch !== 'x64' || !COMPILER)('the compiled library', () => {
  /** A library made by a real compiler: what fake compilers hand out. */
  let bytes: Buffer
  beforeAll(() => {
    const { options } = setup(afterAll)
    const choice = kernelLibrary({ ...options, env: { ...options.env, CXX: COMPILER as string, PATH: process.env['PATH'] as string } })
    if (!choice.file) throw new Error(reason(choice))
    bytes = readFileSync(choice.file)
  })
  /** A compiler that hands out the library and notes each link. */
  const works = ({ folder, program }: Setup, name: string) => {
    const library = join(folder, 'library.so')
    writeFileSync(library, bytes)
    // The output file is the last word.
    const body = `for last; do :; done\ncase "$*" in *-shared*) echo x >> ${folder}/links; /bin/cp ${library} "$last";; *) : > "$last";; esac`
    program(name, body)
    return () => (existsSync(join(folder, 'links')) ? readFileSync(join(folder, 'links'), 'utf8').length / 2 : 0)
  }

  it('is made once, with one line, and then taken from the cache', () => {
    const made = setup()
    const links = works(made, 'g++')
    const first = kernelLibrary(made.options)
    expect(first).toMatchObject({ set: 'avx2', source: 'compiled', compiler: 'g++' })
    expect(kernelLibrary(made.options)).toEqual(first)
    expect(links()).toBe(1)
    expect(made.lines).toEqual([expect.stringMatching(/^compiling the kernels with g\+\+/)])
  })

  it('is made anew when the sources change or a compiler is added', () => {
    const made = setup()
    const links = works(made, 'g++')
    kernelLibrary(made.options)
    writeFileSync(join(made.options.sources as string, 'name.h'), '#define NAME "2 avx2"\n')
    kernelLibrary(made.options)
    expect(links()).toBe(2)
    works(made, 'c++')
    expect(kernelLibrary(made.options)).toMatchObject({ compiler: 'c++' })
    expect(links()).toBe(3)
  })

  it.each([
    ['fails', 'exit 1'],
    ['hangs', '/bin/sleep 100'],
    ['says that it worked and did nothing', 'exit 0'],
    ['writes rubbish', 'for last; do :; done; echo rubbish > "$last"'],
  ])('comes from the next compiler when the first one %s', (_, body) => {
    const made = setup()
    made.program('c++', body)
    works(made, 'g++')
    expect(kernelLibrary({ ...made.options, limits: { compile: 1500 } })).toMatchObject({ compiler: 'g++' })
    expect(made.lines.map((line) => /with (\S+)/.exec(line)?.[1])).toEqual(['c++', 'g++'])
  })

  it('is not used when it is for another instruction set', () => {
    const made = setup()
    works(made, 'g++')
    const cpuinfo = `flags : ${FLAGS.avxvnni}\n`
    expect(reason(kernelLibrary({ ...made.options, machine: machine(cpuinfo) }))).toMatch(/does not work \(.*1 avx2/)
  })

  it('is made again when the one in the cache is damaged', () => {
    const made = setup()
    const links = works(made, 'g++')
    damage(kernelLibrary(made.options).file)
    const again = kernelLibrary(made.options)
    expect(readFileSync(again.file as string)).toEqual(bytes)
    expect(links()).toBe(2)
  })

  it('goes to a private folder when the cache folder cannot be written', () => {
    const made = setup()
    works(made, 'g++')
    damage(join(made.folder, 'file'))
    vi.stubEnv('TMPDIR', made.folder)
    onTestFinished(() => void vi.unstubAllEnvs())
    const choice = kernelLibrary({ ...made.options, env: { ...made.options.env, OUROBOROS_HOME: join(made.folder, 'file', 'home') } })
    expect(choice).toMatchObject({ source: 'compiled', file: expect.stringMatching(/ouroboros-\d+/) })
  })

  it('is not waited for when the process that was making it has ended', () => {
    const made = setup()
    works(made, 'g++')
    const choice = kernelLibrary(made.options)
    const folder = join(choice.file as string, '..')
    rmSync(folder, { recursive: true })
    mkdirSync(`${folder}.lock`)
    writeFileSync(join(`${folder}.lock`, 'owner'), JSON.stringify({ pid: 2 ** 22 + 1, host: hostname() }))
    expect(kernelLibrary(made.options)).toEqual(choice)
  })

  // The processes run what is built.
  it.skipIf(!existsSync(BUILT))('is made once by processes that ask at the same time', async () => {
    const made = setup()
    const links = works(made, 'g++')
    const { onLine: _, ...options } = made.options
    const script = `import { kernelLibrary } from ${JSON.stringify(BUILT.href)}; console.log(JSON.stringify(kernelLibrary(${JSON.stringify(options)})))`
    const ask = () =>
      new Promise<KernelChoice>((resolve) => {
        const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
        let said = ''
        child.stdout.on('data', (text) => {
          said += text
        })
        child.on('close', () => resolve(JSON.parse(said) as KernelChoice))
      })
    const choices = await Promise.all([ask(), ask(), ask()])
    for (const choice of choices) expect(choice).toEqual(kernelLibrary(made.options))
    expect(links()).toBe(1)
  })

  describe('prebuilt in the package', () => {
    const prebuilt = (made: Setup, sourceHash = kernelSources(made.options.sources as string)?.hash, content = bytes) => {
      const folder = made.options.prebuilt as string
      mkdirSync(join(folder, 'avx2'), { recursive: true })
      const file = join(folder, 'avx2', 'libouroboros-kernels.so')
      writeFileSync(file, content)
      const sha256 = createHash('sha256').update(content).digest('hex')
      const files = { avx2: { file: 'avx2/libouroboros-kernels.so', sha256, bytes: content.length } }
      writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ sourceHash, files }))
      return file
    }

    it('is used, without a compiler and without a word', () => {
      const made = setup()
      const file = prebuilt(made)
      expect(kernelLibrary(made.options)).toEqual({ file, set: 'avx2', source: 'package' })
      expect(kernelLibrary({ ...made.options, sources: join(made.folder, 'nothing') })).toMatchObject({ source: 'package' })
      expect(made.lines).toEqual([])
    })

    it('gives way to a compiler when it is damaged, with a warning', () => {
      const made = setup()
      damage(prebuilt(made))
      works(made, 'g++')
      expect(kernelLibrary(made.options)).toMatchObject({ source: 'compiled' })
      expect(made.lines[0]).toMatch(/prebuilt kernels are not used: .* is damaged/)
    })

    it('gives way to a compiler when its manifest is damaged, with a warning', () => {
      const made = setup()
      prebuilt(made)
      damage(join(made.options.prebuilt as string, 'manifest.json'))
      works(made, 'g++')
      expect(kernelLibrary(made.options)).toMatchObject({ source: 'compiled' })
      expect(made.lines[0]).toMatch(/manifest\.json is damaged/)
    })

    it('gives way to a compiler when the sources are others', () => {
      const made = setup()
      prebuilt(made, 'of older sources')
      works(made, 'g++')
      expect(kernelLibrary(made.options)).toMatchObject({ source: 'compiled' })
    })

    it('gives way to a compiler when this system cannot open it', () => {
      const made = setup()
      prebuilt(made, kernelSources(made.options.sources as string)?.hash, Buffer.from('no library, but with the right checksum'))
      works(made, 'g++')
      expect(kernelLibrary(made.options)).toMatchObject({ source: 'compiled' })
      expect(made.lines[0]).toMatch(/not used: its library does not work/)
    })
  })
})

/** What the kernels are compiled for. */
export type InstructionSet = 'avx512' | 'avxvnni' | 'avx2' | 'dotprod'

export interface Needs {
  readonly arch: 'x64' | 'arm64'
  /** Names in /proc/cpuinfo. */
  readonly processor: readonly string[]
  readonly compiler: readonly string[]
  /** Flags for Zig's Clang, where it takes others. */
  readonly zig?: readonly string[]
}

const AVX2 = ['avx2', 'fma', 'f16c']
const AVX2_FLAGS = ['-mavx2', '-mfma', '-mf16c']

/** Best first within an architecture. */
export const INSTRUCTION_SETS: Readonly<Record<InstructionSet, Needs>> = {
  avx512: {
    arch: 'x64',
    processor: [...AVX2, 'avx512f', 'avx512bw', 'avx512vl', 'avx512dq', 'avx512_vnni'],
    compiler: [...AVX2_FLAGS, '-mavx512f', '-mavx512bw', '-mavx512vl', '-mavx512dq', '-mavx512vnni'],
    zig: [...AVX2_FLAGS, '-mavx512f', '-mavx512bw', '-mavx512vl', '-mavx512dq', '-mavx512vnni', '-mevex512'],
  },
  avxvnni: { arch: 'x64', processor: [...AVX2, 'avx_vnni'], compiler: [...AVX2_FLAGS, '-mavxvnni'] },
  avx2: { arch: 'x64', processor: AVX2, compiler: AVX2_FLAGS },
  dotprod: {
    arch: 'arm64',
    processor: ['asimddp', 'asimdhp'],
    compiler: ['-march=armv8.2-a+dotprod+fp16'],
    zig: ['-mcpu=generic+v8_2a+dotprod+fullfp16'],
  },
}

/** Flags of every instruction set; the same arithmetic from every compiler: no contraction of products and sums. */
export const COMPILER_FLAGS: readonly string[] = [
  '-O3',
  '-std=c++17',
  '-fPIC',
  '-fvisibility=hidden',
  '-fno-exceptions',
  '-fno-rtti',
  '-ffp-contract=off',
  '-fno-math-errno',
  '-pthread',
]

export interface Machine {
  readonly platform: string
  readonly arch: string
  /** Text of /proc/cpuinfo. */
  readonly cpuinfo: string
}

/** The instruction set for `machine`: the best one, or `forced` (a value of `OUROBOROS_KERNELS`); or why there is none. */
export function instructionSetFor(machine: Machine, forced: string | undefined): InstructionSet | { readonly reason: string } {
  if (forced === 'off') return { reason: 'OUROBOROS_KERNELS is off' }
  const platform = `${machine.platform}-${machine.arch}`
  if (!['linux-x64', 'linux-arm64'].includes(platform))
    return { reason: `there are no kernels for ${platform}: only for linux-x64 and linux-arm64` }
  const names = Object.keys(INSTRUCTION_SETS) as InstructionSet[]
  const flags = new Set(/^(?:flags|Features)\s*:(.*)$/m.exec(machine.cpuinfo)?.[1]?.trim().split(/\s+/))
  const missing = (name: InstructionSet) => INSTRUCTION_SETS[name].processor.filter((flag) => !flags.has(flag))
  const candidates = names.filter((name) => INSTRUCTION_SETS[name].arch === machine.arch)
  if (forced) {
    const name = names.find((one) => one === forced)
    if (!name) return { reason: `OUROBOROS_KERNELS is ${JSON.stringify(forced)}: give off, ${names.join(', ')}` }
    if (!candidates.includes(name)) return { reason: `OUROBOROS_KERNELS is ${name}, which ${platform} does not have` }
    if (missing(name).length > 0) return { reason: `OUROBOROS_KERNELS is ${name}, but this processor has no ${missing(name).join(', ')}` }
    return name
  }
  const best = candidates.find((name) => missing(name).length === 0)
  const least = candidates.at(-1) as InstructionSet
  return best ?? { reason: `this processor has no ${missing(least).join(', ')}, which the kernels need` }
}

import { readFileSync } from 'node:fs'

/** Why ik_llama.cpp's prebuilt library cannot run here; undefined: it can. It uses AVX2 without asking. */
export function ikObstacle(): string | undefined {
  const platform = `${process.platform}-${process.arch}`
  if (platform !== 'linux-x64') return `its library is for Linux on x86-64, this is ${platform}`
  const missing = missingInstructions()
  return missing.length > 0 ? `it needs a processor with ${missing.join(', ')}` : undefined
}

/** What ik_llama.cpp's kernels need on x86-64 and this processor has not. */
export function missingInstructions(): string[] {
  if (process.arch !== 'x64') return []
  const flags = /^flags\s*:(.*)$/m.exec(readCpuInfo())?.[1]?.split(' ') ?? []
  return ['avx2', 'fma', 'f16c'].filter((flag) => !flags.includes(flag))
}

function readCpuInfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8')
  } catch {
    return ''
  }
}

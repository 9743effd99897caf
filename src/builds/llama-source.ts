import { join } from 'node:path'
import type { BuildJob } from './build-folder.ts'
import { fetchSourcePackage, type SourcePackage } from './source-package.ts'
import { runTool } from './tool.ts'

/** The npm package that carries llama.cpp's sources; its version is that of the prebuilt libraries. */
export const LLAMA_SOURCE: SourcePackage & { readonly bundle: string } = {
  name: 'node-llama-cpp',
  version: '3.21.1',
  bytes: 35_413_592,
  sha256: '7a231d6bafa14142a1cbed9893d4ec5bc6041b2a5f5939a623accaab4203c11f',
  bundle: 'package/llama/gitRelease.bundle',
}

/** llama.cpp's sources, below `part`; returns their folder. Needs npm, tar and git. Throws `E_PLATFORM` where one is missing, `E_DOWNLOAD`, `E_CHECKSUM`. */
export async function fetchLlamaSource(part: string, job: BuildJob, wanted: typeof LLAMA_SOURCE = LLAMA_SOURCE): Promise<string> {
  const { name, version, bundle } = wanted
  const tool = { ...job, cwd: part }
  const archive = await fetchSourcePackage(wanted, job, async () => {
    await runTool('npm', ['pack', `${name}@${version}`, '--silent'], tool)
    return join(part, `${name}-${version}.tgz`)
  })
  await runTool('tar', ['-xzf', archive, bundle], tool)
  await runTool('git', ['-c', 'advice.detachedHead=false', 'clone', '--quiet', bundle, 'source'], tool)
  return join(part, 'source')
}

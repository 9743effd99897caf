import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DEFAULT_PYTHON, download } from '../models/pip.ts'
import type { BuildJob } from './build-folder.ts'
import { fetchSourcePackage, type SourcePackage } from './source-package.ts'
import { runTool } from './tool.ts'

/** The Python source package that carries ik_llama.cpp's sources, in a folder of its own. */
export const IK_SOURCE: SourcePackage & { readonly folder: string } = {
  name: 'ik-llama-cpp-python',
  version: '0.1.5',
  bytes: 42_257_843,
  sha256: '33c67eb99e4dcab5e611050433243815709b8b3067753f9ce18375013cf002ad',
  folder: 'ik_llama_cpp_python-0.1.5/vendor/ik_llama.cpp',
}

/**
 * pip asks a source package for its name before it delivers it, by the package's own build system. This stands in for it, so that
 * nothing else has to be downloaded and nothing foreign runs.
 */
const answerOf = ({ name, version }: SourcePackage) => `import os
def prepare_metadata_for_build_wheel(folder, *rest):
    name = '${name.replaceAll('-', '_')}-${version}.dist-info'
    os.makedirs(os.path.join(folder, name), exist_ok=True)
    with open(os.path.join(folder, name, 'METADATA'), 'w') as file:
        file.write('Metadata-Version: 2.1\\nName: ${name}\\nVersion: ${version}\\n')
    return name
`

/** A script that cmake runs for the server's version text; the package's makers have left it out. */
const VERSION_SCRIPT = 'common/cmake/build-info-gen-cpp.cmake'
const versionScriptOf = ({ name, version }: SourcePackage) => `set(BUILD_NUMBER 0)
set(BUILD_COMMIT "${name} ${version}")
set(BUILD_COMPILER "\${CMAKE_C_COMPILER}")
set(BUILD_TARGET "\${CMAKE_HOST_SYSTEM_PROCESSOR}")
set(FILE "\${CMAKE_CURRENT_LIST_DIR}/../build-info.cpp")
configure_file("\${FILE}.in" "\${FILE}" @ONLY)
`

/** ik_llama.cpp's sources, below `part`; returns their folder. Needs Python 3 with pip, and tar. Throws `E_DOWNLOAD`, `E_CHECKSUM`, `E_PLATFORM`. */
export async function fetchIkSource(part: string, job: BuildJob, wanted: typeof IK_SOURCE = IK_SOURCE): Promise<string> {
  const { name, version, sha256, folder } = wanted
  const answers = join(part, 'answers', 'scikit_build_core')
  const [arrived, source] = [join(part, 'package'), join(part, 'source')]
  for (const each of [answers, arrived, source]) await mkdir(each, { recursive: true })
  await writeFile(join(answers, '__init__.py'), '')
  await writeFile(join(answers, 'build.py'), answerOf(wanted))
  // The checksum is pip's affair as well: it unpacks the file.
  const requirement = join(part, 'requirement.txt')
  await writeFile(requirement, `${name}==${version} --hash=sha256:${sha256}\n`)
  const archive = await fetchSourcePackage(wanted, job, () =>
    download(
      ['--requirement', requirement],
      [`--no-binary=${name}`, '--no-build-isolation', '--require-hashes'],
      { python: job.python ?? DEFAULT_PYTHON, folder: arrived, signal: job.signal, onBytes: () => {} },
      { PYTHONPATH: join(part, 'answers') },
    ),
  )
  await runTool('tar', ['-xzf', archive, '-C', source], job)
  const script = join(source, folder, VERSION_SCRIPT)
  await mkdir(dirname(script), { recursive: true })
  await writeFile(script, versionScriptOf(wanted))
  return join(source, folder)
}

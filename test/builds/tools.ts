import { chmodSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, vi } from 'vitest'
import { tempFolder } from '../models/temp-folder.ts'

/** Gives each test a folder before all others on the path; returns how to put a program of a name into it. */
export function fakeTools(): (name: string, script: string) => void {
  let folder: string
  beforeEach(async () => {
    folder = await tempFolder()
    vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`)
  })
  afterEach(() => void vi.unstubAllEnvs())
  return (name, script) => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(folder, name), 0o755)
  }
}

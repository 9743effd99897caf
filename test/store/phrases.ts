import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { Phrase } from '../../src/core/index.ts'

/** A folder that is gone after the tests. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ouroboros-store-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Different phrases, the same for the same number. */
export function phrase(i: number, more: Partial<Phrase> = {}): Phrase {
  const key = Array.from({ length: 1 + (i % 4) }, (_, at) => (i * 31 + at * 7) % 50_000)
  const tokens = Array.from({ length: 1 + (i % 16) }, (_, at) => (i + at * 1009) % 50_000)
  return { key, tokens, source: 'history', seen: 1, tries: 2, hits: 1, refuted: false, ...more }
}

export const phrases = (from: number, to: number): Phrase[] => Array.from({ length: to - from }, (_, i) => phrase(from + i))

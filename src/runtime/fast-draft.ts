import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { OuroborosError } from '../core/errors.ts'
import { quantize } from '../llama/quantize.ts'
import { findEntry } from '../models/catalog.ts'
import type { CatalogEntry } from '../models/catalog-entry.ts'
import { requireSpace } from '../models/disk-space.ts'
import { withFileLock } from '../models/file-lock.ts'

export interface FastDraftOptions {
  readonly signal?: AbortSignal
  /** The part done, 0..1. */
  readonly onProgress?: (event: { file: string; fraction: number }) => void
  /** Why the file as it was pulled is used instead. */
  readonly onWarning?: (line: string) => void
}

/**
 * The file to load for the draft model `id`, pulled to `file`: the same weights in a cheaper precision where the catalog says so, made
 * once in the same folder; the file itself for other models, or where it cannot be made. Throws the signal's reason only.
 */
export async function fastDraft(id: string, file: string, options: FastDraftOptions = {}): Promise<string> {
  const entry = findEntry(id)
  if (!entry?.fast) return file
  const output = fastFile(entry, entry.fast.file, dirname(file))
  const { type, outputType } = entry.fast
  const { signal = new AbortController().signal, onProgress } = options
  try {
    if (existsSync(output)) return output
    await withFileLock(output, { signal, onWait: () => {} }, async () => {
      if (existsSync(output)) return
      await requireSpace(dirname(file), (await stat(file)).size)
      onProgress?.({ file: output, fraction: 0 })
      const report = ({ done, total }: { done: number; total: number }) => onProgress?.({ file: output, fraction: done / total })
      await quantize(file, output, type, { outputType, onProgress: report })
    })
    return output
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof OuroborosError)) throw error
    options.onWarning?.(`the draft model is used as it was pulled, which is slower: ${error.message}`)
    return file
  }
}

/** Its name holds the source's checksum: another source is another file. */
function fastFile(entry: CatalogEntry, name: string, folder: string): string {
  return join(folder, name.replace(/\.gguf$/, `-${entry.sha256?.slice(0, 8)}.gguf`))
}

import { type HubFile, hubPath } from './hub-file.ts'
import { getFromHub, type HubOptions, meaning } from './hub-request.ts'
import { SourceFailure } from './source.ts'

/** What a hub's own list of files says of one of them. */
export interface HubRecord {
  /** Its path as the hub spells it: upper and lower case may differ from what was asked for. */
  readonly file: string
  readonly bytes: number
  /** Of files in large-file storage. */
  readonly sha256: string | undefined
}

interface Entry {
  readonly type: string
  readonly path: string
  readonly size: number
  readonly lfs?: { readonly oid: string; readonly size: number }
}

const MOST_PAGES = 20
const MOST_NAMED = 8

/**
 * Looks up `file` in the hub's list of its folder (`/api/models/REPO/tree/REVISION/FOLDER`). Undefined: the hub has no such list.
 * Throws `SourceFailure`, naming the model files that are there, if this one is not.
 */
export async function requestRecord(wanted: HubFile, options: HubOptions, signal: AbortSignal): Promise<HubRecord | undefined> {
  const folder = wanted.file.split('/').slice(0, -1)
  let url: string | undefined = hubPath(options.hub, 'api', 'models', ...wanted.repo.split('/'), 'tree', wanted.revision, ...folder)
  const files: Entry[] = []
  for (let page = 0; url !== undefined && page < MOST_PAGES; page++) {
    const soon = AbortSignal.any([signal, AbortSignal.timeout(2 * options.timeoutMs)])
    const response: Response = await getFromHub(url, options, soon)
    if (response.status === 404) {
      await response.body?.cancel()
      return undefined
    }
    if (response.status !== 200) {
      await response.body?.cancel()
      throw new SourceFailure(meaning(response.status, options))
    }
    files.push(...entriesOf(await response.json().catch(() => undefined)))
    const next = /<([^>]+)>;\s*rel="next"/.exec(response.headers.get('link') ?? '')?.[1]
    url = next === undefined ? undefined : new URL(next, url).href
  }
  return recordOf(files, wanted.file)
}

function recordOf(files: readonly Entry[], wanted: string): HubRecord {
  const same = files.filter(({ path }) => path.toLowerCase() === wanted.toLowerCase())
  const found = same.find(({ path }) => path === wanted) ?? (same.length === 1 ? same[0] : undefined)
  if (!found) {
    const models = files.map(({ path }) => path).filter((path) => path.endsWith('.gguf'))
    const more = models.length > MOST_NAMED ? `, and ${models.length - MOST_NAMED} more` : ''
    const there = models.length > 0 ? `; there are ${models.slice(0, MOST_NAMED).join(', ')}${more}` : ''
    throw new SourceFailure(`no such file there: ${wanted}${there}`)
  }
  const { path, size, lfs } = found
  return { file: path, bytes: lfs?.size ?? size, sha256: lfs?.oid }
}

/** The files of a list; whatever else a server sends counts as none. */
function entriesOf(list: unknown): Entry[] {
  if (!Array.isArray(list)) throw new SourceFailure('its list of files cannot be read')
  return list.filter(
    (entry): entry is Entry =>
      entry?.type === 'file' &&
      typeof entry.path === 'string' &&
      Number.isSafeInteger(entry.size) &&
      (entry.lfs === undefined || (/^[0-9a-f]{64}$/.test(entry.lfs.oid) && Number.isSafeInteger(entry.lfs.size))),
  )
}

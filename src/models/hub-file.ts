import { OuroborosError } from '../core/errors.ts'

/** A file in a repository of a model hub. */
export interface HubFile {
  /** `owner/name` */
  readonly repo: string
  /** Path in the repository. */
  readonly file: string
  /** Branch, tag or commit. */
  readonly revision: string
}

const WORD = '[A-Za-z0-9][A-Za-z0-9._-]*'
const SHORT_FORM = new RegExp(`^hf:(${WORD}/${WORD})(?:@(${WORD}))?/(.+)$`)
const ADDRESS = new RegExp(`^https://(?:www\\.)?huggingface\\.co/(${WORD}/${WORD})/(?:resolve|blob)/(${WORD})/([^?#]+)(?:[?#].*)?$`)

/**
 * `hf:owner/repo[@revision]/path/file.gguf` or the file's address on huggingface.co;
 * undefined if `text` is neither kind. Throws `E_USAGE` for a malformed one.
 */
export function parseHubFile(text: string): HubFile | undefined {
  if (!/^(hf|https?):/.test(text)) return undefined
  const short = SHORT_FORM.exec(text)
  const long = ADDRESS.exec(text)
  const [repo, revision, file] = short ? [short[1], short[2] ?? 'main', short[3]] : long ? [long[1], long[2], decode(long[3])] : []
  if (!repo || !revision || !file || !isPlainPath(file) || !isPlainPath(repo)) {
    throw new OuroborosError('E_USAGE', `not a model address: ${text} (expected hf:owner/repo/file.gguf)`)
  }
  if (!file.endsWith('.gguf'))
    throw new OuroborosError('E_USAGE', `not a GGUF file's name: ${file} in ${text} (expected hf:owner/repo/file.gguf)`)
  return { repo, file, revision }
}

/** The address that delivers the file. */
export function hubAddress(hub: string, { repo, file, revision }: HubFile): string {
  return hubPath(hub, ...repo.split('/'), 'resolve', revision, ...file.split('/'))
}

/** An address on the hub. */
export function hubPath(hub: string, ...steps: readonly string[]): string {
  return [hub.replace(/\/+$/, ''), ...steps.map(encodeURIComponent)].join('/')
}

function decode(text: string | undefined): string {
  try {
    return decodeURIComponent(text ?? '')
  } catch {
    return ''
  }
}

/** No step of the path leads out of the folder that it is put in. */
function isPlainPath(path: string): boolean {
  return path.split('/').every((step) => step !== '' && !step.startsWith('.') && !/[\\:\p{Cc}]/u.test(step))
}

import { wrong } from './schema-error.ts'

/** What a reference into the document itself leads to. Throws E_GRAMMAR. */
export function follow(root: unknown, reference: string, at: string): unknown {
  if (!/^#(\/|$)/.test(reference)) throw wrong(at, `only references into the schema itself work: received ${JSON.stringify(reference)}`)
  let found = root
  for (const part of decoded(reference.slice(1), at).split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) throw wrong(at, `${reference} leads nowhere`)
    found = (found as Record<string, unknown>)[key]
  }
  return found
}

function decoded(reference: string, at: string): string {
  try {
    return decodeURIComponent(reference)
  } catch {
    throw wrong(at, `${JSON.stringify(`#${reference}`)} is no reference: % is written %25`)
  }
}

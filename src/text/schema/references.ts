import type { SchemaObject } from './atom.ts'
import { wrong } from './schema-error.ts'

/** Where schemas stand inside a schema. */
const MAPS = ['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas']
const LISTS = ['allOf', 'anyOf', 'oneOf', 'prefixItems', 'items']
const SINGLES = ['items', 'additionalItems', 'additionalProperties', 'propertyNames', 'not', 'if', 'then', 'else']
/** The address of a document that has none. */
const HERE = 'schema:///document'

/** The schemas of one document by their addresses: `$id`, `$anchor`, and pointers. */
export class References {
  /** Each schema's own address: what references in it are relative to. */
  readonly #bases = new Map<object, string>()
  readonly #documents = new Map<string, unknown>()
  readonly #anchors = new Map<string, unknown>()

  constructor(root: unknown) {
    this.#documents.set(HERE, root)
    this.#add(root, HERE)
  }

  /** What a reference in `from` leads to. Throws E_GRAMMAR. */
  follow(reference: string, from: SchemaObject, at: string): unknown {
    const base = this.#bases.get(from) ?? HERE
    const address = URL.canParse(reference, base) ? new URL(reference, base) : undefined
    const fragment = decoded(address?.hash ?? '', reference, at)
    if (address) address.hash = ''
    const document = address && this.#documents.get(address.href)
    if (address === undefined || document === undefined)
      throw wrong(at, `only references into the schema itself work: received ${JSON.stringify(reference)}`)
    if (fragment !== '' && !fragment.startsWith('/')) {
      const found = this.#anchors.get(`${address.href}#${fragment}`)
      if (found === undefined) throw wrong(at, `${reference} leads nowhere`)
      return found
    }
    let found: unknown = document
    for (const part of fragment.split('/').slice(1)) {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
      if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) throw wrong(at, `${reference} leads nowhere`)
      found = (found as Record<string, unknown>)[key]
    }
    // A pointer may lead to where no schema is looked for.
    this.#add(found, address.href)
    return found
  }

  #add(schema: unknown, base: string): void {
    const open = [{ schema, base }]
    for (let next = open.pop(); next; next = open.pop()) {
      if (typeof next.schema !== 'object' || next.schema === null || this.#bases.has(next.schema)) continue
      const own = next.schema as SchemaObject
      const { $id: id, $anchor: anchor } = own
      const address = typeof id === 'string' && URL.canParse(id, next.base) ? new URL(id, next.base).href.replace(/#$/, '') : next.base
      if (address !== next.base) this.#documents.set(address, own)
      if (typeof anchor === 'string') this.#anchors.set(`${address}#${anchor}`, own)
      this.#bases.set(own, address)
      const inside = [
        ...MAPS.flatMap((keyword) => Object.values((own[keyword] as object | undefined) ?? {})),
        ...LISTS.flatMap((keyword) => (Array.isArray(own[keyword]) ? own[keyword] : [])),
        ...SINGLES.map((keyword) => own[keyword]),
      ]
      for (const one of inside) if (!Array.isArray(one)) open.push({ schema: one, base: address })
    }
  }
}

function decoded(hash: string, reference: string, at: string): string {
  try {
    return decodeURIComponent(hash.slice(1))
  } catch {
    throw wrong(at, `${JSON.stringify(reference)} is no reference: % is written %25`)
  }
}

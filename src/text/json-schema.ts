import { OuroborosError } from '../core/errors.ts'

/** A JSON schema or a part of one, as far as it is known here. */
type Schema = boolean | { readonly [keyword: string]: unknown }

/** Keywords that describe and do not constrain. */
const ANNOTATIONS = ['title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly', '$schema', '$id', '$comment']
/** What is understood, per kind of value. */
const KEYWORDS: Readonly<Record<string, readonly string[]>> = {
  object: ['properties', 'required', 'additionalProperties', 'minProperties', 'maxProperties'],
  array: ['items', 'prefixItems', 'minItems', 'maxItems'],
  string: ['minLength', 'maxLength', 'format'],
  integer: [],
  number: [],
  boolean: [],
  null: [],
}
const CHARACTER = String.raw`([^"\\\x7F\x00-\x1F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4}))`
const RULES: Readonly<Record<string, string>> = {
  // Bounded white space: a model may write as much as a grammar lets it.
  space: String.raw`| " " | "\n" [ \t]{0,20}`,
  string: String.raw`"\"" ${CHARACTER}* "\"" space`,
  integer: '"-"? ("0" | [1-9] [0-9]{0,15}) space',
  number: '"-"? ("0" | [1-9] [0-9]{0,15}) ("." [0-9]{1,16})? ([eE] [-+]? [0-9]{1,3})? space',
  boolean: '("true" | "false") space',
  null: '"null" space',
  value: 'object | array | string | number | boolean | null',
  object: '"{" space (string ":" space value ("," space string ":" space value)*)? "}" space',
  array: '"[" space (value ("," space value)*)? "]" space',
  date: '[0-9]{4} "-" ("0" [1-9] | "1" [0-2]) "-" ("0" [1-9] | [1-2] [0-9] | "3" [0-1])',
  time: '([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9] ("." [0-9]{3})? ("Z" | [-+] ([01] [0-9] | "2" [0-3]) ":" [0-5] [0-9])',
  'date-time': 'date "T" time',
  uuid: '[0-9a-fA-F]{8} "-" [0-9a-fA-F]{4} "-" [0-9a-fA-F]{4} "-" [0-9a-fA-F]{4} "-" [0-9a-fA-F]{12}',
}
const FORMATS = ['date', 'time', 'date-time', 'uuid']

/** The grammar (GBNF) of a JSON schema's values; a keyword that it cannot express is refused, never ignored. Throws E_GRAMMAR. */
export function jsonSchemaToGrammar(schema: unknown): string {
  return new Converter(schema).convert()
}

class Converter {
  readonly #root: unknown
  readonly #rules = new Map<string, string>()
  readonly #references = new Map<string, string>()

  constructor(root: unknown) {
    this.#root = root
  }

  convert(): string {
    const body = this.#expression(this.#check(this.#root, 'schema'), 'root', 'schema')
    const rules = [['root', `space ${body}`], ...this.#rules]
    return rules.map(([name, rule]) => `${name} ::= ${rule}\n`).join('')
  }

  /** What a schema's values look like. `name` is free for a rule; `at` = where in the schema, for errors. */
  #expression(schema: Schema, name: string, at: string): string {
    if (schema === true) return this.#use('value')
    if (schema === false) throw wrong(at, 'false allows nothing')
    const of = (keyword: string) => Object.hasOwn(schema, keyword)
    if (of('$ref')) return this.#reference(schema['$ref'], schema, at)
    if (of('const')) return `${literal(schema['const'])} ${this.#use('space')}`
    if (of('enum')) return this.#enumeration(schema['enum'], at)
    for (const keyword of ['anyOf', 'oneOf'] as const) {
      if (!of(keyword)) continue
      this.#only(schema, [keyword, 'type'], at)
      const options = schema[keyword]
      if (!Array.isArray(options) || options.length === 0) throw wrong(`${at}.${keyword}`, 'a list of schemas is expected')
      const parts = options.map((one, i) => this.#expression(this.#check(one, at), `${name}-${i}`, `${at}.${keyword}[${i}]`))
      return `(${parts.join(' | ')})`
    }
    if (of('allOf')) {
      this.#only(schema, ['allOf'], at)
      const parts = schema['allOf']
      if (!Array.isArray(parts) || parts.length !== 1) throw wrong(`${at}.allOf`, 'more than one schema at once cannot be expressed')
      return this.#expression(this.#check(parts[0], at), name, `${at}.allOf[0]`)
    }
    const types = this.#types(schema, at)
    if (types.length > 1) {
      const parts = types.map((type) => this.#expression({ ...keywordsOf(schema, type), type }, `${name}-${type}`, at))
      return `(${parts.join(' | ')})`
    }
    return this.#typed(types[0], schema, name, at)
  }

  #typed(type: string | undefined, schema: Exclude<Schema, boolean>, name: string, at: string): string {
    if (type === undefined) {
      this.#only(schema, [], at)
      return this.#use('value')
    }
    this.#only(schema, ['type', ...(KEYWORDS[type] as readonly string[])], at)
    if (type === 'object') return this.#object(schema, name, at)
    if (type === 'array') return this.#array(schema, name, at)
    if (type === 'string') return this.#string(schema, at)
    return this.#use(type)
  }

  #object(schema: Exclude<Schema, boolean>, name: string, at: string): string {
    const properties = Object.entries((schema['properties'] ?? {}) as Record<string, unknown>)
    for (const keyword of ['minProperties', 'maxProperties'])
      if (schema[keyword] !== undefined) throw wrong(at, `${keyword} cannot be expressed`)
    const required = new Set((schema['required'] ?? []) as string[])
    for (const key of required)
      if (!properties.some(([known]) => known === key)) throw wrong(`${at}.required`, `${JSON.stringify(key)} is not in properties`)
    const others = schema['additionalProperties'] ?? properties.length === 0
    const space = this.#use('space')
    const pairs = properties.map(([key, value], i) => {
      const where = `${at}.properties.${key}`
      const rule = this.#rule(`${name}-${ruleName(key) || i}`, this.#expression(this.#check(value, where), `${name}-${i}`, where))
      return { text: `${literal(key)} ${space} ":" ${space} ${rule}`, required: required.has(key) }
    })
    if (others !== false) {
      const value =
        others === true ? this.#use('value') : this.#expression(this.#check(others, at), `${name}-other`, `${at}.additionalProperties`)
      const pair = `${this.#use('string')} ":" ${space} ${value}`
      pairs.push({ text: `${pair} ("," ${space} ${pair})*`, required: false })
    }
    return `"{" ${space} ${this.#list(pairs, name)} "}" ${space}`
  }

  /** Pairs in their order, commas between those that are there: a rule per place, "something came before" or not. */
  #list(pairs: readonly { text: string; required: boolean }[], name: string): string {
    const comma = `"," ${this.#use('space')}`
    let [first, later] = ['', '']
    for (let i = pairs.length - 1; i >= 0; i--) {
      const { text, required } = pairs[i] as { text: string; required: boolean }
      const rest = later && this.#rule(`${name}-after-${i}`, later)
      const skipped = first && this.#rule(`${name}-from-${i}`, first)
      first = required ? `${text} ${rest}` : `(${text} ${rest} | ${skipped})`
      later = required ? `${comma} ${text} ${rest}` : `(${comma} ${text} ${rest} | ${rest})`
    }
    return first
  }

  #array(schema: Exclude<Schema, boolean>, name: string, at: string): string {
    const space = this.#use('space')
    const least = bound(schema, 'minItems', at) ?? 0
    const most = bound(schema, 'maxItems', at)
    if (schema['prefixItems'] !== undefined) {
      if (schema['items'] !== undefined && schema['items'] !== false) throw wrong(at, 'prefixItems with items cannot be expressed')
      const parts = (schema['prefixItems'] as unknown[]).map((one, i) =>
        this.#expression(this.#check(one, at), `${name}-${i}`, `${at}.prefixItems[${i}]`),
      )
      return `"[" ${space} ${parts.join(` "," ${space} `)} "]" ${space}`
    }
    const item = this.#rule(`${name}-item`, this.#expression(this.#check(schema['items'] ?? true, at), `${name}-item`, `${at}.items`))
    if (most !== undefined && most < least) throw wrong(at, `maxItems ${most} is less than minItems ${least}`)
    if (most === 0) return `"[" ${space} "]" ${space}`
    const more = `("," ${space} ${item}){${Math.max(0, least - 1)},${most === undefined ? '' : most - 1}}`
    return `"[" ${space} ${least > 0 ? `${item} ${more}` : `(${item} ${more})?`} "]" ${space}`
  }

  #string(schema: Exclude<Schema, boolean>, at: string): string {
    const space = this.#use('space')
    const format = schema['format']
    if (format !== undefined) {
      if (!FORMATS.includes(format as string))
        throw wrong(at, `format ${JSON.stringify(format)} is not known: known are ${FORMATS.join(', ')}`)
      if (format === 'date-time') for (const part of ['date', 'time']) this.#use(part)
      return `"\\"" ${this.#use(format as string)} "\\"" ${space}`
    }
    const least = bound(schema, 'minLength', at) ?? 0
    const most = bound(schema, 'maxLength', at)
    if (least === 0 && most === undefined) return this.#use('string')
    if (most !== undefined && most < least) throw wrong(at, `maxLength ${most} is less than minLength ${least}`)
    return `"\\"" ${CHARACTER}{${least},${most ?? ''}} "\\"" ${space}`
  }

  #enumeration(values: unknown, at: string): string {
    if (!Array.isArray(values) || values.length === 0) throw wrong(`${at}.enum`, 'a list of values is expected')
    return `(${values.map(literal).join(' | ')}) ${this.#use('space')}`
  }

  #reference(reference: unknown, schema: Exclude<Schema, boolean>, at: string): string {
    this.#only(schema, ['$ref'], at)
    if (typeof reference !== 'string' || !/^#(\/|$)/.test(reference))
      throw wrong(at, `only references into the schema itself work: received ${JSON.stringify(reference)}`)
    const known = this.#references.get(reference)
    if (known) return known
    const path = reference
      .slice(1)
      .split('/')
      .slice(1)
      .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
    const found = path.reduce<unknown>((part, key) => (part as Record<string, unknown> | undefined)?.[key], this.#root)
    if (found === undefined) throw wrong(at, `${reference} leads nowhere`)
    const name = `ref-${this.#references.size}${ruleName(path.at(-1) ?? '') && `-${ruleName(path.at(-1) ?? '')}`}`
    this.#references.set(reference, name)
    this.#rules.set(name, '') // its place, while it may refer to itself
    this.#rules.set(name, this.#expression(this.#check(found, reference), name, reference))
    return name
  }

  #types(schema: Exclude<Schema, boolean>, at: string): string[] {
    const given = schema['type']
    const types = given === undefined ? implied(schema) : Array.isArray(given) ? given : [given]
    for (const type of types) if (!Object.hasOwn(KEYWORDS, type as string)) throw wrong(at, `there is no type ${JSON.stringify(type)}`)
    return types as string[]
  }

  /** Refuses keywords that would be ignored. */
  #only(schema: Exclude<Schema, boolean>, known: readonly string[], at: string): void {
    for (const keyword of Object.keys(schema))
      if (![...known, ...ANNOTATIONS, '$defs', 'definitions'].includes(keyword)) throw wrong(at, `${keyword} cannot be expressed here`)
  }

  #check(schema: unknown, at: string): Schema {
    if (typeof schema !== 'boolean' && (typeof schema !== 'object' || schema === null || Array.isArray(schema)))
      throw wrong(at, `a schema is an object: received ${JSON.stringify(schema)}`)
    return schema as Schema
  }

  #rule(name: string, body: string): string {
    if (/^[\w-]+$/.test(body)) return body
    let free = name
    for (let i = 2; this.#rules.has(free) && this.#rules.get(free) !== body; i++) free = `${name}-${i}`
    this.#rules.set(free, body)
    return free
  }

  /** A rule of the language itself, and those that it stands on. */
  #use(name: string): string {
    if (!this.#rules.has(name)) {
      const body = RULES[name] as string
      this.#rules.set(name, body)
      for (const other of Object.keys(RULES))
        if (other !== name && new RegExp(`(?<![\\w"-])${other}(?![\\w"-])`).test(body)) this.#use(other)
    }
    return name
  }
}

function wrong(at: string, why: string): OuroborosError {
  return new OuroborosError('E_GRAMMAR', `JSON schema, ${at}: ${why}`)
}

function literal(value: unknown): string {
  const text = JSON.stringify(value)
  return `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`
}

/** A property's name as part of a rule's. */
function ruleName(key: string): string {
  return key.replace(/[^a-zA-Z0-9]+/g, '-').replace(/^-+|-+$/g, '')
}

function bound(schema: Exclude<Schema, boolean>, keyword: string, at: string): number | undefined {
  const value = schema[keyword]
  if (value !== undefined && !(Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 2000))
    throw wrong(at, `${keyword} must be an integer from 0 to 2000: received ${JSON.stringify(value)}`)
  return value as number | undefined
}

/** The type that a schema without one means. */
function implied(schema: Exclude<Schema, boolean>): string[] {
  return Object.entries(KEYWORDS).flatMap(([type, keywords]) => (keywords.some((keyword) => Object.hasOwn(schema, keyword)) ? [type] : []))
}

function keywordsOf(schema: Exclude<Schema, boolean>, type: string): Record<string, unknown> {
  const known = [...(KEYWORDS[type] as readonly string[]), ...ANNOTATIONS]
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => known.includes(keyword)))
}

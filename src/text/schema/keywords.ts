/** Keywords that describe and do not constrain. Names that begin with x- are a program's own. */
const ANNOTATIONS = [
  'title',
  'description',
  'default',
  'example',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  'id',
  '$schema',
  '$id',
  '$comment',
  '$anchor',
  '$defs',
  'definitions',
  'discriminator',
  'contentEncoding',
  'contentMediaType',
  'contentSchema',
]

/** What is understood, by the kind of value that it is about. */
const ASSERTIONS = [
  ...['type', 'nullable', 'enum', 'const'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ...['minLength', 'maxLength', 'pattern', 'format'],
  ...['items', 'prefixItems', 'additionalItems', 'minItems', 'maxItems', 'uniqueItems'],
  ...['properties', 'patternProperties', 'additionalProperties', 'propertyNames', 'required', 'minProperties', 'maxProperties'],
  ...['dependentRequired', 'dependentSchemas'],
  ...['$ref', 'allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else'],
]

const KNOWN = new Set([...ANNOTATIONS, ...ASSERTIONS])

export function isKnown(keyword: string): boolean {
  return KNOWN.has(keyword) || keyword.startsWith('x-')
}

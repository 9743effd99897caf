import { computed, effect, signal } from '@preact/signals'
import { omitUndefined } from '../../core/omit-undefined.ts'

/** A number that can be set, as the server describes it. */
export interface Field {
  name: string
  about: string
  isWhole: boolean
  min?: number
  max?: number
}

/** What the server can be asked for; read from its own description. */
export interface Offer {
  methods: readonly string[]
  aboutMethods: string
  options: readonly Field[]
}

export const SAMPLING: readonly (Field & { label: string; fallback: string })[] = [
  { name: 'max_tokens', label: 'Most tokens', about: 'The answer is cut there.', isWhole: true, min: 1, fallback: '512' },
  {
    name: 'temperature',
    label: 'Temperature',
    about: '0 always takes the likeliest token.',
    isWhole: false,
    min: 0,
    max: 5,
    fallback: '0',
  },
  { name: 'top_k', label: 'Top k', about: 'Only the k likeliest tokens; 0 is off.', isWhole: true, min: 0, fallback: '0' },
  {
    name: 'top_p',
    label: 'Top p',
    about: 'Only the likeliest tokens of this share together; 1 is off.',
    isWhole: false,
    min: 0,
    max: 1,
    fallback: '1',
  },
  {
    name: 'min_p',
    label: 'Min p',
    about: 'Only tokens with this share of the likeliest one; 0 is off.',
    isWhole: false,
    min: 0,
    max: 1,
    fallback: '0',
  },
  { name: 'seed', label: 'Seed', about: 'Same seed, same text, whatever the method.', isWhole: true, fallback: '1' },
]

/** The paper's symbols, for people. */
export const SYMBOLS: readonly [string, string][] = [
  ['γ (gamma)', 'how many tokens the draft model may write ahead in one step'],
  ['W', 'columns of the lookahead window, in which new phrases are guessed'],
  ['N', 'tokens of a phrase together with the token that it follows'],
  ['G', 'phrases that are tried in one pass of the draft model'],
  ['K', 'phrases that lengthen the draft before the target checks it'],
]

/** What was set; empty = the server's own default. */
export const values = signal<Readonly<Record<string, string>>>({})
export const method = signal('ouroboros')
export const system = signal('')
export const offer = signal<Offer>({ methods: ['vanilla', 'ouroboros'], aboutMethods: '', options: [] })

export function set(name: string, value: string): void {
  values.value = { ...values.value, [name]: value }
}

export function reset(): void {
  values.value = {}
  method.value = 'ouroboros'
  system.value = ''
}

/** The request's fields; a method other than the chosen one, for races. */
export function fields(chosen: string): object {
  const numbers = (of: readonly Field[]) =>
    Object.fromEntries(of.flatMap(({ name }) => (values.value[name] ? [[name, Number(values.value[name])]] : [])))
  const sampling = { seed: 1, max_tokens: 512, ...numbers(SAMPLING) }
  return { ...sampling, speculative: chosen === 'vanilla' ? false : { type: chosen, ...numbers(offer.value.options) } }
}

/** Reads from the server's OpenAPI description what it can be asked for. */
export async function readOffer(): Promise<void> {
  const response = await fetch('/openapi.json').catch(() => undefined)
  const schema = response?.ok ? (await response.json()).components?.schemas?.Speculative : undefined
  const given = schema?.anyOf?.find((one: { properties?: object }) => one.properties)?.properties as
    | Record<string, { type?: string; enum?: string[]; description?: string; minimum?: number; maximum?: number }>
    | undefined
  if (!given) return
  const aliases = ['none', 'draft-simple', 'ngram-simple']
  offer.value = {
    methods: given['type']?.enum?.filter((name) => !aliases.includes(name)) ?? offer.value.methods,
    aboutMethods: given['type']?.description ?? '',
    options: Object.entries(given).flatMap(([name, { type, description = '', minimum, maximum }]) =>
      type === 'integer' || type === 'number'
        ? [
            {
              name,
              about: description,
              isWhole: type === 'integer',
              ...omitUndefined({ min: minimum, max: maximum }),
            },
          ]
        : [],
    ),
  }
}

/** How the page looks: as the system, or as chosen; it holds no secret and may outlive the tab. */
export type Theme = 'auto' | 'light' | 'dark'
export const theme = signal<Theme>(stored())
export const nextTheme = computed<Theme>(() => (theme.value === 'auto' ? 'light' : theme.value === 'light' ? 'dark' : 'auto'))

effect(() => {
  document.documentElement.dataset['theme'] = theme.value
  try {
    localStorage.setItem('ouroboros-theme', theme.value)
  } catch {
    // A browser that stores nothing still has a page.
  }
})

function stored(): Theme {
  try {
    const value = localStorage.getItem('ouroboros-theme')
    return value === 'light' || value === 'dark' ? value : 'auto'
  } catch {
    return 'auto'
  }
}

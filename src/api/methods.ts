import { z } from 'zod'
import { PRESETS } from './paper-parameters.ts'

/** What phrases can be learned from, besides the lookahead window. */
const SOURCES = ['prompt', 'history', 'verification'] as const

/** A default that is no value: the drafter weighs at each step what pays. */
export const WHAT_PAYS = 'what pays'

/** One option, for every way of giving it. */
interface OptionRow {
  readonly type: z.ZodType
  /** On the command line. */
  readonly flag: `--${string}`
  /** In `speculative` of an HTTP request; absent: not to be had there. */
  readonly field?: string
  /** One line; the paper's symbol in brackets. */
  readonly help: string
}

/** Every option of a drafting method, in the order of `--help`. */
export const OPTIONS = {
  draftLength: {
    type: z.int().min(1).max(256),
    flag: '--spec-draft-n-max',
    field: 'n_max',
    help: 'most draft tokens per step [gamma]',
  },
  minProbability: {
    type: z.number().min(0).max(1),
    flag: '--spec-draft-p-min',
    field: 'p_min',
    help: 'stop drafting below this probability of the draft model',
  },
  lookupNgram: {
    type: z.int().min(1).max(64),
    flag: '--spec-ngram-simple-size-n',
    field: 'ngram_size',
    help: 'longest run of last tokens to look up',
  },
  window: {
    type: z.int().min(0).max(64),
    flag: '--window',
    field: 'window',
    help: 'columns of the lookahead window [W]; 0 is none, with ouroboros only',
  },
  ngram: {
    type: z.int().min(3).max(17),
    flag: '--ngram',
    field: 'ngram',
    help: 'tokens of a key and its phrase together [N]',
  },
  guesses: {
    type: z.int().min(0).max(64),
    flag: '--guesses',
    field: 'guesses',
    help: 'phrases tried per drafting pass [G]',
  },
  suffixes: {
    type: z.int().min(0).max(64),
    flag: '--suffixes',
    field: 'suffixes',
    help: "most phrases at the draft's end [K]",
  },
  branches: {
    type: z.int().min(0).max(64),
    flag: '--branches',
    field: 'branches',
    help: 'most places before the end, the least sure ones, where another phrase is tried',
  },
  directChance: {
    type: z.number().min(0).max(2),
    flag: '--direct-chance',
    field: 'direct_chance',
    help: 'only phrases this probable go to the target without the draft model; above 1 is never',
  },
  sources: {
    type: z.array(z.enum(SOURCES)).readonly(),
    flag: '--phrase-sources',
    help: 'what phrases are learned from besides the window, names with commas between them',
  },
  preset: {
    type: z.enum(PRESETS),
    flag: '--preset',
    help: "the published behavior with a task's parameters, greedy only; paper is HumanEval's",
  },
} as const satisfies Record<string, OptionRow>

export type OptionName = keyof typeof OPTIONS

type OptionValue<Name extends OptionName> = z.output<(typeof OPTIONS)[Name]['type']>

/** One drafting method. */
interface MethodRow {
  readonly summary: string
  /** Without a draft model it is refused. */
  readonly needsDraft: boolean
  /** What it learns outlives the request, until `forgetPhrases`. */
  readonly keepsPhrases: boolean
  /** Other names in HTTP requests: llama.cpp's. */
  readonly aliases: readonly string[]
  /** The options that it reads, with their defaults; others are ignored. */
  readonly options: { readonly [Name in OptionName]?: OptionValue<Name> | typeof WHAT_PAYS }
}

/** The drafting methods; all give the same text. Names, checks, flags, HTTP fields, help and benchmark rows follow from here. */
export const METHODS = {
  vanilla: {
    summary: 'plain decoding',
    needsDraft: false,
    keepsPhrases: false,
    aliases: ['none'],
    options: {},
  },
  speculative: {
    summary: 'a draft model writes ahead',
    needsDraft: true,
    keepsPhrases: false,
    aliases: ['draft-simple'],
    options: { draftLength: 5, minProbability: 0 },
  },
  'prompt-lookup': {
    summary: 'copies what followed the last tokens before',
    needsDraft: false,
    keepsPhrases: false,
    aliases: ['ngram-simple'],
    options: { lookupNgram: 3, draftLength: 10 },
  },
  lookahead: {
    summary: "guesses phrases in the target's own passes",
    needsDraft: false,
    keepsPhrases: false,
    aliases: [],
    options: { window: 5, ngram: 4, guesses: 5 },
  },
  ouroboros: {
    summary: 'phrases, and a draft model that writes by phrases where there is one',
    needsDraft: false,
    keepsPhrases: true,
    aliases: [],
    options: {
      draftLength: WHAT_PAYS,
      window: WHAT_PAYS,
      ngram: 5,
      guesses: WHAT_PAYS,
      suffixes: WHAT_PAYS,
      branches: WHAT_PAYS,
      directChance: WHAT_PAYS,
      sources: SOURCES,
      preset: 'default',
    },
  },
} as const satisfies Record<string, MethodRow>

export type Method = keyof typeof METHODS

export const DEFAULT_METHOD: Method = 'ouroboros'

/** How to draft; each method reads its own (`OptionsOf`), the others are ignored. */
export type MethodOptions = { [Name in OptionName]?: OptionValue<Name> }

type ReadBy<M extends Method> = (typeof METHODS)[M]['options']

/** The options that a method reads. */
export type OptionsOf<M extends Method> = Pick<MethodOptions, keyof ReadBy<M> & OptionName>

/** The same with defaults applied: absent is only what the drafter weighs itself. */
export type ResolvedOptions<M extends Method> = OptionsOf<M> & {
  [Name in keyof ReadBy<M> & OptionName as ReadBy<M>[Name] extends typeof WHAT_PAYS ? never : Name]: OptionValue<Name>
}

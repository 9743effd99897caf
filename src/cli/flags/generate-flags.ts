import { type Command, InvalidArgumentError, Option } from 'commander'
import { isPaper } from '../../api/paper-parameters.ts'
import type { GenerateRequest, SamplingOptions } from '../../api/types.ts'
import { OuroborosError } from '../../core/errors.ts'
import { omitUndefined } from '../../core/omit-undefined.ts'
import { jsonSchemaToGrammar } from '../../text/json-schema.ts'
import { addMethodFlags, type MethodFlags, methodOptions } from './method-flags.ts'
import { integer, real } from './numbers.ts'
import { readText } from './text-file.ts'

/** Flags that are named as the library's options. */
type SharedFlags = Pick<
  SamplingOptions,
  'topK' | 'topP' | 'minP' | 'repeatPenalty' | 'presencePenalty' | 'frequencyPenalty' | 'logitBias' | 'seed'
>

/** What commander makes of `addGenerateFlags`. */
export interface GenerateFlags extends MethodFlags, SharedFlags {
  prediction?: string
  grammar?: string
  grammarFile?: string
  jsonSchema?: Record<string, unknown>
  jsonSchemaFile?: string
  predict?: number
  temp?: number
  repeatLastN?: number
  stop?: string[]
  logprobs?: number
}

/** Adds the flags of drafting and sampling. Paper symbols stand in brackets. */
export function addGenerateFlags(command: Command): Command {
  return addMethodFlags(command.optionsGroup('Drafting (paper symbols in brackets):'))
    .option('--prediction <file>', 'text that the answer will repeat in large parts')
    .optionsGroup('Sampling and output:')
    .option('-n, --predict <n>', 'most tokens to write (default: 512)', integer({ min: 1, also: { '-1': 'to the end of the context' } }))
    .option('--temp <t>', 'temperature; 0 is greedy (default: 0)', real({ min: 0, max: 100 }))
    .option('--top-k <k>', 'keep the k most likely tokens; 0 is off (default: 0)', integer({ min: 0 }))
    .option('--top-p <p>', 'keep the likeliest tokens up to this sum; 1 is off (default: 1)', real({ min: 0.001, max: 1 }))
    .option('--min-p <p>', 'drop tokens below this part of the best; 0 is off (default: 0)', real({ min: 0, max: 1 }))
    .option('--repeat-penalty <r>', 'divide the logits of repeated tokens; 1 is off (default: 1)', real({ min: 0.01, max: 10 }))
    .option('--presence-penalty <r>', 'subtract once from repeated tokens; 0 is off (default: 0)', real({ min: -10, max: 10 }))
    .option('--frequency-penalty <r>', 'subtract per repetition; 0 is off (default: 0)', real({ min: -10, max: 10 }))
    .option('--repeat-last-n <n>', 'tokens that penalties look back (default: 64)', integer({ min: 0, also: { '-1': 'all' } }))
    .option('--logit-bias <TOKEN(+/-)BIAS>', "add to a token's logit, e.g. 15043-5; repeatable", collectBias)
    .option('-s, --seed <n>', 'same seed, same text, whatever the method (default: 0)', integer({ min: 0, max: 0xffff_ffff }))
    .option('--stop <text>', 'end before this text; repeatable', (text: string, list: string[] = []) => [...list, nonEmpty(text)])
    .addOption(
      new Option('--grammar <gbnf>', 'rules that the answer must follow').conflicts(['grammarFile', 'jsonSchema', 'jsonSchemaFile']),
    )
    .addOption(new Option('--grammar-file <file>', 'the same, from a file').conflicts(['jsonSchema', 'jsonSchemaFile']))
    .addOption(new Option('-j, --json-schema <schema>', 'JSON that the answer must be').argParser(json).conflicts('jsonSchemaFile'))
    .option('--json-schema-file <file>', 'the same, from a file  [-jf]')
    .option('--logprobs <n>', 'log-probabilities with n alternatives per token, in --json', integer({ min: 0, max: 20 }))
}

/** The library's request for these flags, the prompt left out. Throws `E_USAGE`. */
export function toGenerateOptions(flags: GenerateFlags): Omit<GenerateRequest, 'prompt' | 'messages'> {
  if (isPaper(flags.preset) && (flags.temp ?? 0) > 0) {
    throw new OuroborosError(
      'E_USAGE',
      `--preset ${flags.preset} is greedy only: received --temp ${flags.temp}, leave it out or use --preset default`,
    )
  }
  const options = methodOptions(flags)
  return omitUndefined({
    method: flags.specType,
    options: Object.keys(options).length > 0 ? options : undefined,
    ...samplingOptions(flags),
    maxTokens: flags.predict,
    stop: flags.stop,
    prediction: flags.prediction === undefined ? undefined : readText(flags.prediction),
    ...grammar(flags),
    logprobs: flags.logprobs,
  })
}

function samplingOptions(flags: GenerateFlags): SamplingOptions {
  return omitUndefined({
    temperature: flags.temp,
    topK: flags.topK,
    topP: flags.topP,
    minP: flags.minP,
    repeatPenalty: flags.repeatPenalty,
    presencePenalty: flags.presencePenalty,
    frequencyPenalty: flags.frequencyPenalty,
    penaltyLastN: flags.repeatLastN,
    logitBias: flags.logitBias,
    seed: flags.seed,
  })
}

function grammar({ grammar, grammarFile, jsonSchema, jsonSchemaFile }: GenerateFlags): Pick<GenerateRequest, 'grammar' | 'jsonSchema'> {
  if (grammar !== undefined) return { grammar }
  if (grammarFile !== undefined) return { grammar: readText(grammarFile) }
  if (jsonSchema !== undefined) return { jsonSchema: checked(jsonSchema) }
  if (jsonSchemaFile === undefined) return {}
  try {
    return { jsonSchema: checked(JSON.parse(readText(jsonSchemaFile))) }
  } catch (error) {
    if (error instanceof OuroborosError) throw error
    throw new OuroborosError('E_GRAMMAR', `${jsonSchemaFile} is not JSON: ${(error as Error).message}`)
  }
}

/** A schema that no grammar can express is known before models are loaded. */
function checked<T>(schema: T): T {
  jsonSchemaToGrammar(schema)
  return schema
}

function json(value: string): Record<string, unknown> {
  try {
    return JSON.parse(value)
  } catch {
    throw new InvalidArgumentError('Allowed: a JSON schema, e.g. {"type":"object"}')
  }
}

function nonEmpty(text: string): string {
  if (text === '') throw new InvalidArgumentError('Allowed: a text that is not empty')
  return text
}

function collectBias(text: string, biases: Record<number, number> = {}): Record<number, number> {
  const [, token, bias] = /^(\d+)([+-]\d+(?:\.\d+)?)$/.exec(text) ?? []
  if (token === undefined || Math.abs(Number(bias)) > 100) {
    throw new InvalidArgumentError('Allowed: a token id, a sign and a bias up to 100, e.g. 15043+1 or 15043-0.5')
  }
  return { ...biases, [Number(token)]: Number(bias) }
}

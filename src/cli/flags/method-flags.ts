import { type Command, InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import { describeOption, METHOD_NAMES, METHODS_BY_NAME, METHODS_IN_WORDS, OPTION_NAMES } from '../../api/method-options.ts'
import { DEFAULT_METHOD, type Method, type MethodOptions, OPTIONS, type OptionName } from '../../api/methods.ts'
import { omitUndefined } from '../../core/omit-undefined.ts'
import { integer, real } from './numbers.ts'

/** `--spec-draft-n-max` as commander names its value: `specDraftNMax`. */
type Attribute<Flag extends string> = Flag extends `--${infer Name}` ? Camel<Name> : never
type Camel<Name extends string> = Name extends `${infer Head}-${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : Name

/** What commander makes of `addMethodFlags`. */
export type MethodFlags = { specType: Method } & {
  [Name in OptionName as Attribute<(typeof OPTIONS)[Name]['flag']>]?: NonNullable<MethodOptions[Name]>
}

/** Adds the choice of the method, and every method's options. */
export function addMethodFlags(command: Command): Command {
  const method = new Option('--spec-type <method>', `how to draft; the text is the same. ${METHODS_IN_WORDS}`)
  command.addOption(method.choices(METHOD_NAMES).argParser(methodOf).default(DEFAULT_METHOD))
  for (const name of OPTION_NAMES) command.addOption(flagOf(name))
  return command
}

/** A method by its name, or by llama.cpp's for it. */
function methodOf(name: string): Method {
  const method = METHODS_BY_NAME.get(name)
  if (method === undefined) throw new InvalidArgumentError(`Allowed choices are ${METHOD_NAMES.join(', ')}.`)
  return method
}

/** The options that were given. */
export function methodOptions(flags: MethodFlags): MethodOptions {
  const values = flags as Readonly<Record<string, unknown>>
  return omitUndefined(Object.fromEntries(OPTION_NAMES.map((name) => [name, values[flagOf(name).attributeName()]])))
}

function flagOf(name: OptionName): Option {
  const { flag, type } = OPTIONS[name]
  const { word, parse, values } = reading(type)
  return new Option(`${flag} <${word}>`, describeOption(name, values)).argParser(parse)
}

/** How a value is named in `--help` and read from the command line. */
function reading(type: z.ZodType): { word: string; parse: (text: string) => unknown; values: string } {
  if (type instanceof z.ZodNumber) {
    const bounds = { min: type.minValue as number, max: type.maxValue as number }
    return type.isInt ? { word: 'n', parse: integer(bounds), values: '' } : { word: 'p', parse: real(bounds), values: '' }
  }
  if (type instanceof z.ZodEnum) return { word: 'name', parse: oneOf(type.options), values: `: ${type.options.join(', ')}` }
  if (type instanceof z.ZodReadonly) {
    const { options } = (type.unwrap() as z.ZodArray<z.ZodEnum>).element
    return { word: 'names', parse: someOf(options), values: `: ${options.join(', ')}, or none` }
  }
  throw new TypeError(`no way is known to read a ${type.type} from the command line`)
}

function oneOf(allowed: readonly (string | number)[]): (text: string) => string {
  return (text) => {
    if (!allowed.includes(text)) throw new InvalidArgumentError(`Allowed: ${allowed.join(', ')}`)
    return text
  }
}

/** Names with commas between them. */
function someOf(allowed: readonly (string | number)[]): (text: string) => string[] {
  return (text) => {
    if (text === 'none') return []
    const names = text.split(',')
    if (!names.every((name) => allowed.includes(name))) throw new InvalidArgumentError(`Allowed: ${allowed.join(', ')}, or none`)
    return names
  }
}

/** llama.cpp's short flags of several letters; commander knows one letter only. */
const SHORT: Readonly<Record<string, string>> = {
  '-md': '--spec-draft-model',
  '-ngl': '--gpu-layers',
  '-ngld': '--spec-draft-ngl',
  '-dev': '--device',
  '-devd': '--spec-draft-device',
  '-fa': '--flash-attn',
  '-ctk': '--cache-type-k',
  '-ctv': '--cache-type-v',
  '-ctkd': '--spec-draft-type-k',
  '-ctvd': '--spec-draft-type-v',
  '-td': '--spec-draft-threads',
  '-tb': '--threads-batch',
  '-tbd': '--spec-draft-threads-batch',
  '-ub': '--ubatch-size',
  '-np': '--parallel',
  '-to': '--timeout',
  '-cb': '--cont-batching',
  '-kvu': '--kv-unified',
  '-sys': '--system',
  '-jf': '--json-schema-file',
  '-lcs': '--lookup-cache-static',
  '-lcd': '--lookup-cache-dynamic',
}

/** Other spellings that llama.cpp accepts. */
const ALIASES: Readonly<Record<string, string>> = {
  '--model-draft': '--spec-draft-model',
  '--n-gpu-layers': '--gpu-layers',
  '--gpu-layers-draft': '--spec-draft-ngl',
  '--n-gpu-layers-draft': '--spec-draft-ngl',
  '--draft-p-min': '--spec-draft-p-min',
  '--n-predict': '--predict',
  '--temperature': '--temp',
}

/** Names that llama.cpp has removed; old guides still show them. `null`: nothing here corresponds, the flag is dropped. */
const REMOVED: Readonly<Record<string, string | null>> = {
  '--draft': '--spec-draft-n-max',
  '--draft-n': '--spec-draft-n-max',
  '--draft-max': '--spec-draft-n-max',
  '--draft-min': null,
  '--draft-n-min': null,
  '--spec-ngram-size-n': '--spec-ngram-simple-size-n',
  '--spec-ngram-size-m': null,
  '--spec-ngram-min-hits': null,
}

/** Flags whose value may be left out: the values they take, and the one that is meant then. */
const OPTIONAL: Readonly<Record<string, { values: readonly string[]; absent: string }>> = {
  '--flash-attn': { values: ['on', 'off', 'auto'], absent: 'on' },
  '--color': { values: ['auto', 'always', 'never'], absent: 'auto' },
}

const HUGGING_FACE: Readonly<Record<string, string>> = { '-hf': '--model', '--hf-repo': '--model', '-hfd': '--spec-draft-model' }

/** Rewrites a command line in llama.cpp's spelling so that commander understands it. `warn` is told of outdated names. */
export function rewriteFlags(argv: readonly string[], warn: (line: string) => void): string[] {
  const result: string[] = []
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] as string
    if (word === '--') return [...result, ...argv.slice(i)]
    const { name: given, value } = split(word)
    const next = (): string | undefined => value ?? argv[++i]

    const home = HUGGING_FACE[given]
    if (home) {
      const repo = next()
      result.push(home, ...(repo === undefined ? [] : [repo.startsWith('hf:') ? repo : `hf:${repo}`]))
      continue
    }
    const replacement = REMOVED[given]
    if (replacement === null) {
      warn(`${given} has no meaning here and is ignored`)
      next()
      continue
    }
    if (replacement) warn(`${given} is an old name, use ${replacement}`)
    const name = replacement ?? SHORT[given] ?? ALIASES[given] ?? given

    const optional = OPTIONAL[name]
    if (optional && value === undefined) {
      const follows = argv[i + 1]
      const spoken = follows !== undefined && optional.values.includes(follows)
      result.push(`${name}=${spoken ? next() : optional.absent}`)
    } else if (name === given) result.push(word)
    else result.push(name, ...(value === undefined ? [] : [value]))
  }
  return result
}

function split(word: string): { name: string; value?: string } {
  const at = word.startsWith('-') ? word.indexOf('=') : -1
  return at < 0 ? { name: word } : { name: word.slice(0, at), value: word.slice(at + 1) }
}

import type { Command } from 'commander'
import { OuroborosError } from '../../core/errors.ts'
import type { GgufFacts } from '../../models/inspect.ts'
import type { Pairing } from '../../models/pairing.ts'
import { processTerminal, type Terminal } from '../views/terminal.ts'
import { formatBytes, formatCount } from '../views/units.ts'

/** `ouroboros inspect FILE [FILE]`: a GGUF file's facts; for two, whether the second can draft for the first. */
export function registerInspect(program: Command, terminal: Terminal = processTerminal()): void {
  program
    .command('inspect')
    .description("show a model file's facts; for two files, whether the second can draft for the first (exit code 1 if not)")
    .argument('<model>', 'GGUF file, catalog id or hf:owner/repo/file.gguf')
    .argument('[draft]', 'a second one')
    .option('--json', 'print one JSON object')
    .action(async (model: string, draft: string | undefined, { json }: { json?: boolean }) => {
      const { readGguf, pairing, resolveModel } = await import('../../models/index.ts')
      const { facts } = await import('../../models/inspect.ts')
      const files = []
      for (const name of draft === undefined ? [model] : [model, draft]) files.push(readGguf(await resolveModel(name)))
      const [first, second] = files
      const report = { models: files.map(facts), pairing: first && second ? pairing(first, second) : null }
      terminal.stdout.write(`${json ? JSON.stringify(report, null, 2) : describe(report)}\n`)
      if (report.pairing?.paired === false) {
        throw new OuroborosError('E_PAIR', `${second?.path} cannot draft for ${first?.path}: ${report.pairing.reasons[0]}`)
      }
    })
}

function describe({ models, pairing }: { models: readonly GgufFacts[]; pairing: Pairing | null }): string {
  const blocks = models.map(describeModel)
  if (pairing) blocks.push(describePairing(pairing))
  return blocks.join('\n\n')
}

function describeModel(facts: GgufFacts): string {
  const { vocabulary } = facts
  const types = facts.tensorTypes.map(({ type, tensors, bytes }) => `${type} ${tensors} (${formatBytes(bytes)})`)
  const rows: [string, string][] = [
    ['file', `${facts.file} (${facts.parts > 1 ? `${facts.parts} parts, ` : ''}${formatBytes(facts.bytes)}, GGUF ${facts.ggufVersion})`],
    ['name', facts.name ?? 'not given'],
    [
      'architecture',
      `${facts.architecture ?? 'not given'}${facts.layers === null ? '' : `, ${facts.layers} layers of width ${facts.embeddingLength ?? '?'}`}`,
    ],
    ['parameters', formatCount(facts.parameters)],
    ['quantization', facts.quantization ?? 'not given'],
    ['tensors', types.join(', ')],
    [
      'vocabulary',
      `${vocabulary.size} tokens, tokenizer ${vocabulary.tokenizer ?? 'none'}, bos ${vocabulary.bos ?? 'none'}, eos ${vocabulary.eos ?? 'none'}`,
    ],
    ['context', facts.contextLength === null ? 'not given' : `${facts.contextLength} tokens`],
    ['template', facts.chatTemplate ? 'yes' : 'none'],
  ]
  if (facts.experts > 0) rows.push(['experts', `${facts.experts}, ${facts.expertsUsed} used`])
  return rows.map(([name, value]) => `${name.padEnd(12)}  ${value}`).join('\n')
}

function describePairing({ paired, reasons, notes }: Pairing): string {
  const verdict = paired ? 'can be paired' : 'cannot be paired:'
  return [verdict, ...reasons.map((reason) => `- ${reason}`), ...notes.map((note) => `  (${note}: harmless)`)].join('\n')
}

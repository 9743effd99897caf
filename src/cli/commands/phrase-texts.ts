import type { Command } from 'commander'
import { defaultTarget } from '../../models/catalog.ts'
import { MOST_PHRASES } from '../../store/history-settings.ts'
import { checkName, DEFAULT_CORPUS, DEFAULT_TENANT } from '../../store/namespace.ts'
import { integer } from '../flags/numbers.ts'
import { find, ofTenant, title, withStore } from './phrase-files.ts'
import type { World } from './world.ts'

interface TopFlags {
  model: string
  count: number
  tenant?: string
  history?: string
}

interface LearnFlags {
  model: string
  tenant: string
  history: string
}

const MODEL = [
  '-m, --model <model>',
  'a model with the vocabulary: catalog id or GGUF file; its weights are not read',
  defaultTarget,
] as const
/** Phrases written at once. */
const BATCH = 4096

/** `phrases top` and `phrases learn`: what needs a vocabulary. */
export function registerPhraseTexts(phrases: Command, world: World): void {
  ofTenant(phrases.command('top').description('the most useful phrases as text: those of which most tokens were accepted'))
    .option(...MODEL)
    .option('-n, --count <n>', 'how many', integer({ min: 1, max: 10_000 }), 20)
    .action((flags: TopFlags) => top(flags, world))
  phrases
    .command('learn')
    .description('learn the phrases of texts or code into a history; what git ignores and what is no text is left out')
    .argument('<paths...>', 'files and folders')
    .option(...MODEL)
    .option('--tenant <name>', 'for whom', DEFAULT_TENANT)
    .option('--history <name>', 'into which history', DEFAULT_CORPUS)
    .action((paths: string[], flags: LearnFlags) => learn(paths, flags, world))
}

async function top({ model, count, ...wanted }: TopFlags, { terminal, withVocabulary }: World): Promise<void> {
  await withVocabulary(model, async (vocabulary) => {
    for (const namespace of find({ ...wanted, vocabulary: vocabulary.identity })) {
      const rows = await withStore(namespace, (store) => store.read().top(count), { vocabSize: vocabulary.size })
      const lines = rows.map(({ tokens, seen, tries, hits }) =>
        [hits, tries, seen]
          .map((value) => String(value).padStart(10))
          .concat(`  ${JSON.stringify(vocabulary.detokenize(tokens))}`)
          .join(''),
      )
      terminal.stdout.write(`${[title(namespace), '  accepted     tried      seen  phrase', ...lines].join('\n')}\n`)
    }
  })
}

async function learn(paths: readonly string[], { model, tenant, history }: LearnFlags, { terminal, withVocabulary }: World): Promise<void> {
  const names = { tenant: checkName('tenant', tenant), corpus: checkName('history', history) }
  const { learnFiles, MOST_TEXT } = await import('../../store/learn.ts')
  const { stderr } = terminal
  await withVocabulary(model, async (vocabulary) => {
    const { phrases, counts } = learnFiles(
      paths,
      (text) => vocabulary.tokenize(text, { bos: false, special: false }),
      ({ files, tokens }) => {
        if (stderr.isTTY) stderr.write(`\r\x1b[K${files} files, ${tokens} tokens`)
        else if (files % 100 === 0) stderr.write(`${files} files, ${tokens} tokens\n`)
      },
    )
    if (stderr.isTTY) stderr.write('\r\x1b[K')
    const namespace = { vocabulary: vocabulary.identity, ...names }
    await withStore(
      namespace,
      (store) => {
        for (let at = 0; at < phrases.length; at += BATCH) store.merge(phrases.slice(at, at + BATCH))
      },
      { most: MOST_PHRASES },
    )
    const { files, leftOut, tokens } = counts
    const why = `binary, over 1 MiB, lines of over 5000 characters, or beyond ${MOST_TEXT / 2 ** 20} MiB in all`
    terminal.stdout.write(
      `${phrases.length} phrases of ${files} files, ${tokens} tokens, added to ${title(namespace)}; ${leftOut} left out`,
    )
    terminal.stdout.write(leftOut > 0 ? ` (${why})\n` : '\n')
  })
}

import { createWriteStream, existsSync, statSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import { OuroborosError } from '../../core/errors.ts'
import { DEFAULT_CORPUS, DEFAULT_TENANT, namespaceFile, phrasesFolder } from '../../store/namespace.ts'
import { real } from '../flags/numbers.ts'
import { readText } from '../flags/text-file.ts'
import { formatBytes } from '../views/units.ts'
import { type Chosen, chosen, find, title, withStore } from './phrase-files.ts'
import { registerPhraseTexts } from './phrase-texts.ts'
import { processWorld, type World } from './world.ts'

/** `ouroboros phrases`: what is kept of earlier requests, to look at, to carry and to forget. */
export function registerPhrases(program: Command, world: World = processWorld()): void {
  const command = program
    .command('phrases')
    .description('what is kept of earlier prompts and answers: list, stats, top, learn, export, import, forget, check')
  const say = (line: string) => void world.terminal.stdout.write(`${line}\n`)
  chosen(command.command('list').description('the histories that are kept')).action((flags: Chosen) => list(flags, say))
  chosen(command.command('stats').description('how many phrases, from where, and how useful')).action((flags: Chosen) => stats(flags, say))
  registerPhraseTexts(command, world)
  chosen(command.command('check').description('whether the files are whole')).action((flags: Chosen) => check(flags, say))
  chosen(command.command('export').description('one history as a file for another machine').argument('<file>')).action(exportTo)
  command
    .command('import')
    .description('add the phrases of an exported file')
    .argument('<file>')
    .option('--tenant <name>', 'for whom', DEFAULT_TENANT)
    .option('--history <name>', 'into which history', DEFAULT_CORPUS)
    .action(async (file: string, flags: Required<Pick<Chosen, 'tenant' | 'history'>>) => say(await importFrom(file, flags)))
  chosen(command.command('forget').description('remove phrases for good; a process that runs still knows them'))
    .option('--older-than <days>', 'only those not used for so many days', real({ min: 0 }))
    .option('--all', 'everything that is kept')
    .action((flags: Chosen & { olderThan?: number; all?: boolean }) => forget(flags, say))
}

async function list(flags: Chosen, say: (line: string) => void): Promise<void> {
  for (const namespace of find(flags)) {
    const size = await withStore(namespace, (store) => store.read().size)
    const { size: bytes } = statSync(namespaceFile(phrasesFolder(), namespace))
    say(`${title(namespace)}  ${size} phrases  ${formatBytes(bytes)}`)
  }
  say(`in ${phrasesFolder()}`)
}

async function stats(flags: Chosen, say: (line: string) => void): Promise<void> {
  for (const namespace of find(flags)) {
    say(title(namespace))
    for (const [source, { phrases, seen, tries, hits }] of await withStore(namespace, (store) => store.read().bySource()))
      say(`  ${source.padEnd(12)} ${phrases} phrases, seen ${seen} times, ${tries} tokens tried, ${hits} accepted`)
  }
}

async function check(flags: Chosen, say: (line: string) => void): Promise<void> {
  for (const namespace of find(flags))
    say(`${title(namespace)}  ${await withStore(namespace, (store) => `${store.read().size} phrases, whole`)}`)
}

async function exportTo(file: string, flags: Chosen): Promise<void> {
  const { exportLines } = await import('../../store/portable.ts')
  const found = find(flags)
  const [namespace] = found
  if (!namespace || found.length > 1)
    throw new OuroborosError('E_USAGE', `export takes one history: received flags that fit ${found.length}, see ouroboros phrases list`)
  if (existsSync(file)) throw new OuroborosError('E_FILE', `${file} is there already: remove it, or export to another name`)
  await withStore(namespace, (store) =>
    pipeline(Readable.from(exportLines(store.read(), namespace.vocabulary)), createWriteStream(file, { mode: 0o600, flags: 'wx' })),
  )
}

async function importFrom(file: string, { tenant, history }: { tenant: string; history: string }): Promise<string> {
  const { readExport } = await import('../../store/portable.ts')
  const { checkName } = await import('../../store/namespace.ts')
  const { vocabulary, phrases } = readExport(readText(file), file)
  const namespace = { vocabulary, tenant: checkName('tenant', tenant), corpus: checkName('history', history) }
  await withStore(namespace, (store) => store.merge(phrases))
  return `${phrases.length} phrases added to ${title(namespace)}`
}

async function forget(flags: Chosen & { olderThan?: number; all?: boolean }, say: (line: string) => void): Promise<void> {
  const { olderThan, all, ...wanted } = flags
  if (!all && olderThan === undefined && Object.keys(wanted).length === 0)
    throw new OuroborosError('E_USAGE', 'forget what? give --tenant, --history, --vocabulary, --older-than or --all')
  const { removeStore } = await import('../../store/disk-store.ts')
  for (const namespace of find(wanted, { withDamaged: olderThan === undefined })) {
    if (olderThan === undefined) {
      removeStore(namespaceFile(phrasesFolder(), namespace))
      say(`${title(namespace)}  removed`)
    } else say(`${title(namespace)}  ${await withStore(namespace, (store) => store.forgetOlderThan(olderThan))} phrases removed`)
  }
}

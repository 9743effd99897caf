import type { Command } from 'commander'
import { OuroborosError } from '../../core/errors.ts'
import type { DiskStore } from '../../store/disk-store.ts'
import { type Namespace, namespaceFile, namespaces, phrasesFolder } from '../../store/namespace.ts'

/** Which of the kept phrases. */
export interface Chosen {
  tenant?: string
  history?: string
  vocabulary?: string
}

/** Kept as they are, unless a command says otherwise. */
const HUGE = Number.MAX_SAFE_INTEGER

/** Adds the flags of `Chosen`. */
export function chosen(command: Command): Command {
  return ofTenant(command).option('--vocabulary <id>', 'of models with this vocabulary only')
}

export function ofTenant(command: Command): Command {
  return command.option('--tenant <name>', 'of this tenant only').option('--history <name>', 'of this history only')
}

/** The namespaces that the flags leave; `withDamaged`: also those of which only a damaged file is left. */
export function find({ tenant, history, vocabulary }: Chosen, { withDamaged = false } = {}): Namespace[] {
  const fits = (wanted: string | undefined, is: string) => wanted === undefined || wanted === is
  return namespaces(phrasesFolder(), { withDamaged }).filter(
    (one) => fits(tenant, one.tenant) && fits(history, one.corpus) && fits(vocabulary, one.vocabulary),
  )
}

/** Opens a namespace's file for as long as `work` takes; trouble is E_STORE. `most`: phrases that it may keep. */
export async function withStore<T>(
  namespace: Namespace,
  work: (store: DiskStore) => T | Promise<T>,
  { most = HUGE, vocabSize = HUGE } = {},
): Promise<T> {
  const { DiskStore } = await import('../../store/disk-store.ts')
  const onWarning = (line: string) => {
    throw new OuroborosError('E_STORE', line)
  }
  const store = DiskStore.open(namespaceFile(phrasesFolder(), namespace), { most, days: HUGE, vocabSize, onWarning })
  try {
    return await work(store)
  } finally {
    store.close()
  }
}

export const title = ({ vocabulary, tenant, corpus }: Namespace) => `vocabulary ${vocabulary}  tenant ${tenant}  history ${corpus}`

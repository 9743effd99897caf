import { parentPort, workerData } from 'node:worker_threads'
import { decodePhrases } from './codec.ts'
import { DiskStore, removeStore } from './disk-store.ts'
import type { FromStore, StoreStart, ToStore } from './messages.ts'
import { type Namespace, namespaceFile } from './namespace.ts'

/** Entry of the store's thread: disks may be slow, full or gone, and whoever decodes does not notice. */
const port = parentPort
if (!port) throw new Error('this file is a worker thread')
const start = workerData as StoreStart
const send = (message: FromStore, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)

/** By tenant; no store: it could not be opened, which was told. */
const opened = new Map<string, { namespace: Namespace; store: DiskStore | undefined }>()
/** One line per kind of trouble is enough. */
const warned = new Set<string>()

port.on('message', (message: ToStore) => {
  switch (message.type) {
    case 'open':
      open(message.namespace, message.hearer)
      break
    case 'put':
      put(message.tenant, message.bytes)
      break
    case 'release':
      attempt('close', () => opened.get(message.tenant)?.store?.close())
      opened.delete(message.tenant)
      break
    case 'forget':
      forget(message.tenant)
      break
    case 'flush':
      send({ type: 'flushed', id: message.id })
      break
    case 'close':
      for (const { store } of opened.values()) attempt('close', () => store?.close())
      port.close()
  }
})

function open(namespace: Namespace, hearer: number): void {
  const { tenant } = namespace
  const store = opened.get(tenant)?.store ?? openStore(namespace)
  opened.set(tenant, { namespace, store })
  attempt('read', () => {
    if (!store) return
    const { image } = store.read(start.most).table
    if (image.size > 0) send({ type: 'table', hearer, image }, [image.buffer])
  })
}

function openStore(namespace: Namespace): DiskStore | undefined {
  const { folder, most, days, vocabSize } = start
  const onWarning = (line: string) => send({ type: 'warning', line })
  return attempt('open', () => DiskStore.open(namespaceFile(folder, namespace), { most, days, vocabSize, onWarning }))
}

function put(tenant: string, bytes: Uint8Array): void {
  const known = opened.get(tenant)
  if (!known) return
  if (known.store && !known.store.isThere) {
    attempt('close', () => known.store?.close())
    known.store = openStore(known.namespace) // someone has removed the file
  }
  attempt('write', () => known.store?.merge([...decodePhrases(bytes)]))
}

function forget(tenant: string): void {
  const known = opened.get(tenant)
  if (!known) return
  attempt('close', () => known.store?.close())
  attempt('remove', () => removeStore(namespaceFile(start.folder, known.namespace)))
  known.store = openStore(known.namespace)
}

/** Trouble with the store is a warning. */
function attempt<T>(what: string, work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    const { code = '', message } = error as Error & { code?: string }
    const kind = `${what} ${code}`
    if (!warned.has(kind)) send({ type: 'warning', line: `phrases are not kept (cannot ${what} in ${start.folder}): ${message}` })
    warned.add(kind)
    return undefined
  }
}

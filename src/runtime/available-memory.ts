import { readFileSync } from 'node:fs'
import { freemem, totalmem } from 'node:os'
import { join } from 'node:path'

/**
 * Bytes that this process may still take without swapping. Linux: what the machine has, pages of files that can be dropped included,
 * and what the control groups above the process leave (`root`: of the file system, for tests). macOS tells no such number: all memory.
 */
export function availableMemory(root = '/', platform: NodeJS.Platform = process.platform): number {
  if (platform === 'darwin') return totalmem()
  if (platform !== 'linux') return freemem()
  const free = /^MemAvailable:\s+(\d+) kB$/m.exec(read(root, 'proc/meminfo') ?? '')?.[1]
  return Math.min(free === undefined ? freemem() : Number(free) * 1024, ...controlGroups(root))
}

/** What each group with a limit leaves, of both versions of control groups. */
function controlGroups(root: string): number[] {
  return (read(root, 'proc/self/cgroup') ?? '').split('\n').flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? []
    if (path === undefined || !(controllers === '' || controllers?.split(',').includes('memory'))) return []
    const [mount, limit, usage] =
      controllers === ''
        ? ['sys/fs/cgroup', 'memory.max', 'memory.current']
        : ['sys/fs/cgroup/memory', 'memory.limit_in_bytes', 'memory.usage_in_bytes']
    // In a container the path may be the host's, while what is mounted begins at the container's own group.
    return ancestors(path).flatMap((group) => {
      const folder = join(mount as string, group)
      const most = Number(read(root, join(folder, limit as string)))
      const used = Number(read(root, join(folder, usage as string)))
      if (!(most > 0) || !(used >= 0)) return [] // no such group, or "max"
      const files = [...(read(root, join(folder, 'memory.stat')) ?? '').matchAll(/^(?:total_)?(?:in)?active_file (\d+)$/gm)]
      const droppable = files.slice(-2).reduce((sum, [, bytes]) => sum + Number(bytes), 0)
      return [Math.max(0, most - used + droppable)]
    })
  })
}

/** `/a/b`, `/a` and `/`. */
function ancestors(path: string): string[] {
  const steps = path.split('/').filter(Boolean)
  return Array.from({ length: steps.length + 1 }, (_, i) => `/${steps.slice(0, steps.length - i).join('/')}`)
}

function read(root: string, file: string): string | undefined {
  try {
    return readFileSync(join(root, file), 'utf8')
  } catch {
    return undefined
  }
}

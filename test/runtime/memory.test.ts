import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { memoryNeed } from '../../src/llama/memory-need.ts'
import { type Gguf, readGguf } from '../../src/models/gguf.ts'
import { availableMemory } from '../../src/runtime/available-memory.ts'
import { requireMemory } from '../../src/runtime/memory-check.ts'
import { tempFolder } from '../models/temp-folder.ts'

const golden = readGguf(fileURLToPath(new URL('../golden/target.gguf', import.meta.url)))
const MB = 2 ** 20

/** A model of these numbers; without tensors. */
function model(architecture: string, numbers: Record<string, number | number[]>, bytes = 0): Gguf {
  const metadata = new Map<string, Gguf['metadata'] extends ReadonlyMap<string, infer V> ? V : never>([
    ['general.architecture', architecture],
  ])
  for (const [key, value] of Object.entries(numbers)) metadata.set(`${architecture}.${key}`, value)
  return { path: `/m/${architecture}.gguf`, bytes, parts: 1, version: 3, metadata, tensors: [] }
}

const SMOLLM2 = {
  block_count: 30,
  embedding_length: 576,
  feed_forward_length: 1536,
  'attention.head_count': 9,
  'attention.head_count_kv': 3,
  vocab_size: 49_152,
}

describe('what a model takes', () => {
  // The right values are what llama.cpp logs for these files (KV buffer size, compute buffer size + output buffer size).
  test.each([
    [
      'qwen2.5-coder-1.5b',
      {
        block_count: 28,
        embedding_length: 1536,
        feed_forward_length: 8960,
        'attention.head_count': 12,
        'attention.head_count_kv': 2,
        vocab_size: 151_936,
      },
      {},
      126,
      451.13,
    ],
    [
      'qwen2.5-coder-0.5b',
      {
        block_count: 24,
        embedding_length: 896,
        feed_forward_length: 4864,
        'attention.head_count': 14,
        'attention.head_count_kv': 2,
        vocab_size: 151_936,
      },
      { contextLength: 16_384, sessions: 2 },
      390,
      448.63,
    ],
    ['smollm2', SMOLLM2, { contextLength: 2048, cacheTypeK: 'q8_0', cacheTypeV: 'q8_0' }, 29.88, 147.38],
    ['smollm2, 16 sessions', SMOLLM2, { contextLength: 8192, sessions: 16 }, 2891.25, 190.01],
    ['smollm2 without flash attention', SMOLLM2, { contextLength: 8192, sessions: 4, flashAttention: false }, 731.25, 704.38],
    [
      'gemma3',
      {
        block_count: 18,
        embedding_length: 640,
        feed_forward_length: 2048,
        'attention.head_count': 4,
        'attention.head_count_kv': 1,
        'attention.key_length': 256,
        'attention.value_length': 256,
        'attention.sliding_window': 512,
        vocab_size: 262_144,
      },
      { flashAttention: false },
      81,
      770.5,
    ],
  ] as const)('%s', (name, numbers, options, cache, compute) => {
    const need = memoryNeed(model(name, numbers), options)
    expect(need.cache / MB).toBeCloseTo(cache, 1)
    expect(Math.abs(need.compute / MB / compute - 1)).toBeLessThan(0.02)
  })

  test('layers without keys of their own, and lists of heads, count as what is cached', () => {
    const plain = { block_count: 8, embedding_length: 64, 'attention.head_count': 4 }
    const cache = (numbers: Record<string, number | number[]>) =>
      memoryNeed(model('x', { ...plain, ...numbers }), { contextLength: 256 }).cache
    const all = cache({})
    expect(all).toBe(768 * 8 * 4 * 16 * 2 * 2)
    expect(cache({ 'attention.head_count_kv': [0, 0, 0, 4, 0, 0, 0, 4] })).toBe(all / 4)
    expect(cache({ full_attention_interval: 4 })).toBe(all / 4)
    expect(cache({ 'attention.shared_kv_layers': 4 })).toBe(all / 2)
    expect(memoryNeed(model('mamba', { block_count: 8, 'attention.head_count': 0 })).cache).toBe(0)
    expect(memoryNeed(model('unknown', {}))).toEqual({ weights: 0, cache: 0, compute: expect.any(Number) })
  })

  test('a recurrent layer counts as three states of each session: the cache’s, its checkpoint’s and its prompt’s', () => {
    const state = (architecture: string, numbers: Record<string, number | number[]>, sessions = 1) =>
      memoryNeed(model(architecture, { embedding_length: 64, 'attention.head_count': 0, ...numbers }), { contextLength: 256, sessions })
        .cache
    const ssm = { 'ssm.conv_kernel': 4, 'ssm.inner_size': 128, 'ssm.state_size': 16 }
    expect(state('mamba', { block_count: 2, ...ssm })).toBe(3 * 2 * 4 * (128 * 16 + 3 * 128))
    expect(state('mamba', { block_count: 2, ...ssm }, 8)).toBe(24 * 2 * 4 * (128 * 16 + 3 * 128))
    const kv = 768 * 2 * 16 * 2 * 2
    const hybrid = { block_count: 3, 'attention.head_count': 4, 'attention.head_count_kv': [0, 2, 0] }
    expect(state('granitehybrid', { ...hybrid, ...ssm, 'ssm.group_count': 1 })).toBe(kv + 3 * 2 * 4 * (128 * 16 + 3 * (128 + 32)))
    expect(state('lfm2', { ...hybrid, 'shortconv.l_cache': 3 })).toBe(kv + 3 * 2 * 4 * 64 * 2)
    expect(state('rwkv7', { block_count: 2, 'wkv.head_size': 32 })).toBe(3 * 2 * 4 * 64 * (32 + 2))
  })

  test('at most the trained context', () => {
    expect(memoryNeed(golden, { contextLength: 2 ** 20 })).toEqual(memoryNeed(golden, { contextLength: 1024 }))
  })
})

describe('requireMemory', () => {
  const target = model(
    'llama',
    {
      block_count: 32,
      embedding_length: 4096,
      'attention.head_count': 32,
      'attention.head_count_kv': 8,
      context_length: 131_072,
      vocab_size: 128_256,
    },
    4.9e9,
  )
  const draft = model(
    'small',
    {
      block_count: 16,
      embedding_length: 2048,
      'attention.head_count': 32,
      'attention.head_count_kv': 8,
      context_length: 131_072,
      vocab_size: 128_256,
    },
    0.8e9,
  )
  const planned = (contextLength: number, sessions = 1) => [target, draft].map((gguf) => ({ gguf, options: { contextLength, sessions } }))

  test('what fits is let through', () => {
    expect(() => requireMemory(planned(4096), 16e9)).not.toThrow()
  })

  test('too long a context: the numbers, and the longest that fits', () => {
    const refusal = {
      code: 'E_MEMORY',
      message: expect.stringMatching(
        /^28\.1 GB of memory are needed and 16\.0 GB are available \(llama\.gguf: file 4\.9 GB, context of 131072 tokens 17\.2 GB, passes \d+ MB; small\.gguf: .*\): choose a context of at most \d+ tokens \(-c \d+\); memoryCheck: false/,
      ),
    }
    let message = ''
    try {
      requireMemory(planned(131_072), 16e9)
    } catch (error) {
      expect(error).toMatchObject(refusal)
      ;({ message } = error as Error)
    }
    const fits = Number(/-c (\d+)/.exec(message)?.[1])
    expect(() => requireMemory(planned(fits), 16e9)).not.toThrow()
    expect(() => requireMemory(planned(fits + 256), 16e9)).toThrow()
    expect(() => requireMemory(planned(8192, 16), 16e9)).toThrow(/context of 8192 tokens in 16 sessions/)
  })

  test('weights that do not fit: no context helps', () => {
    expect(() => requireMemory(planned(4096), 4e9)).toThrow(/no context is short enough, choose a smaller model or no draft model/)
  })
})

describe('availableMemory on Linux', () => {
  const meminfo = 'MemTotal: 8000 kB\nMemFree: 100 kB\nMemAvailable: 4000 kB\n'
  async function machine(files: Record<string, string>): Promise<string> {
    const root = await tempFolder()
    for (const [name, content] of Object.entries({ 'proc/meminfo': meminfo, ...files })) {
      await mkdir(dirname(join(root, name)), { recursive: true })
      await writeFile(join(root, name), content)
    }
    return root
  }
  const v2 = (group: string, max: string, current: number, files = 0) => ({
    [`sys/fs/cgroup/${group}memory.max`]: `${max}\n`,
    [`sys/fs/cgroup/${group}memory.current`]: `${current}\n`,
    [`sys/fs/cgroup/${group}memory.stat`]: `anon 5\ninactive_file ${files}\nactive_file ${files}\n`,
  })

  test('without control groups, what the machine has', async () => {
    expect(availableMemory(await machine({}), 'linux')).toBe(4000 * 1024)
  })

  test('version 2: the tightest group above the process; files in memory can be dropped', async () => {
    const groups = { ...v2('', 'max', 9), ...v2('a/', '2000000', 900_000), ...v2('a/b/', '1000000', 800_000, 100_000) }
    expect(availableMemory(await machine({ 'proc/self/cgroup': '0::/a/b\n', ...groups }), 'linux')).toBe(400_000)
    expect(availableMemory(await machine({ 'proc/self/cgroup': '0::/a\n', ...groups }), 'linux')).toBe(1_100_000)
  })

  test('version 1, seen from inside a container; no limit there is a huge one', async () => {
    const v1 = (limit: string) => ({
      'proc/self/cgroup': '5:cpu:/docker/x\n4:memory:/docker/x\n0::/\n',
      'sys/fs/cgroup/memory/memory.limit_in_bytes': limit,
      'sys/fs/cgroup/memory/memory.usage_in_bytes': '700000',
      'sys/fs/cgroup/memory/memory.stat': 'inactive_file 1\nactive_file 1\ntotal_inactive_file 100000\ntotal_active_file 50000\n',
    })
    expect(availableMemory(await machine(v1('1000000')), 'linux')).toBe(450_000)
    expect(availableMemory(await machine(v1('9223372036854771712')), 'linux')).toBe(4000 * 1024)
  })

  test('a machine that tells nothing is believed to have what the system says', async () => {
    expect(availableMemory(await tempFolder(), 'linux')).toBeGreaterThan(0)
    expect(availableMemory('/', 'darwin')).toBeGreaterThan(availableMemory(await machine({}), 'linux'))
  })
})

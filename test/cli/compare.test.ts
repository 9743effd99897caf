import { expect, test } from 'vitest'
import { type FakeOptions, FakeWorld, SCRIPT, TEXT } from './fake-world.ts'

async function compare(options: FakeOptions, ...flags: string[]): Promise<FakeWorld> {
  const world = new FakeWorld(options)
  expect(await world.run(['run', 'hi', '--compare', ...flags])).toBe(0)
  return world
}

/** `again` = of plain decoding's second run. */
function speeds(plain: number, drafted: number, again = plain): FakeOptions {
  const plainSpeeds = [plain, again]
  return { speed: (request) => (request.method === 'vanilla' ? (plainSpeeds.shift() ?? 0) : drafted) }
}

test('runs plain decoding before and after the method, on the same request', async () => {
  const world = await compare(speeds(10, 15), '--temp', '0.5', '-s', '3')
  expect(world.engine.requests.map((request) => request.method)).toEqual(['vanilla', 'ouroboros', 'vanilla'])
  const [plain, drafted] = world.engine.requests
  expect({ ...plain, method: '' }).toEqual({ ...drafted, method: '' })
})

test('shows both speeds, origins and that the texts are equal', async () => {
  const world = await compare(speeds(10, 15))
  expect(world.out).toContain(TEXT)
  expect(world.out).toMatch(/plain decoding +10\.0 tok\/s, 10\.0 tok\/s +4 tokens/)
  expect(world.out).toMatch(/ouroboros +15\.0 tok\/s +4 tokens/)
  expect(world.out).toMatch(/speed-up +1\.50x +faster/)
  expect(world.out).toMatch(/same text +yes/)
  expect(world.out).toContain('target 2 (50%)  draft 1 (25%)  phrase 1 (25%)')
  expect(world.out).toMatch(/mean acceptance +2\.00/)
  expect(world.out).not.toContain('\u001b')
})

test('says so when the method is slower', async () => {
  expect((await compare(speeds(10, 7))).out).toMatch(/0\.70x +ouroboros was slower here/)
})

test('calls a tiny difference none', async () => {
  expect((await compare(speeds(100, 101))).out).toMatch(/1\.01x +no measurable difference/)
})

test('a machine that became faster meanwhile is no gain of the method', async () => {
  expect((await compare(speeds(34, 41, 42))).out).toMatch(/1\.09x +no measurable difference/)
  expect((await compare(speeds(34, 28, 27))).out).toMatch(/0\.93x +no measurable difference/)
  expect((await compare(speeds(34, 50, 42))).out).toMatch(/1\.33x +faster/)
})

test('shows where the texts part', async () => {
  const other = [SCRIPT[0] ?? [], [['draft', ' tiny'] as [never, string]]]
  const world = await compare({ answer: (request) => (request.method === 'vanilla' ? SCRIPT : other) })
  expect(world.out).toMatch(/same text +no/)
  expect(world.out).toContain('part at token 2, after "Hello "')
  expect(world.out).toMatch(/plain +"big wide world"/)
  expect(world.out).toMatch(/ouroboros +"tiny"/)
})

test('Ctrl-C during the second plain answer leaves the comparison with the first', async () => {
  const world: FakeWorld = new FakeWorld({
    ...speeds(10, 15),
    beforeStep: (index) => (index === 1 && world.engine.requests.length === 3 ? world.interrupt() : undefined),
  })
  expect(await world.run(['run', 'hi', '--compare'])).toBe(130)
  expect(world.out).toMatch(/plain decoding +10\.0 tok\/s +4 tokens/)
  expect(world.out).toMatch(/1\.50x +faster/)
})

test('Ctrl-C during plain decoding leaves nothing to compare', async () => {
  const world: FakeWorld = new FakeWorld({ beforeStep: (index) => (index === 1 ? world.interrupt() : undefined) })
  expect(await world.run(['run', 'hi', '--compare'])).toBe(130)
  expect(world.engine.requests).toHaveLength(1)
  expect(world.out).toBe('Hello\n')
  expect(world.err).toContain('nothing to compare')
})

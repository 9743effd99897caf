import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { HARDWARE_FOLDER, type Hardware, hardwareNames, hardwareSchema, readHardware } from '../../src/bench/hardware.ts'
import { project } from '../../src/bench/projection.ts'
import { sample } from './samples.ts'

const FLAT: Hardware = {
  name: 'flat',
  note: '',
  target: { widths: [1, 8, 16], seconds: [0.1, 0.1, 0.2] },
  draft: { widths: [1, 8], seconds: [0.01, 0.01] },
}

describe('projection', () => {
  it('replays the recorded passes at other costs', () => {
    const widths = [
      { target: 5, draft: [1, 1, 1, 1] },
      { target: 12, draft: [6] },
    ]
    const [one] = project([sample('ouroboros', 0, { widths, decodedTokens: 12 })], FLAT)
    // 0.1 + 4 x 0.01, then 0.15 + 0.01
    expect(one?.tokens_per_second).toBeCloseTo(12 / 0.3, 3)
    expect(one?.speedup).toBeCloseTo(12 / 0.3 / 10, 3)
    expect(one).toMatchObject({ hardware: 'flat', method: 'ouroboros', task: 'gsm8k', target: 'big' })
  })

  it('gives plain decoding the speed of one-token passes', () => {
    const widths = Array(10).fill({ target: 1, draft: [] })
    expect(project([sample('vanilla', 0, { widths, decodedTokens: 10 })], FLAT)[0]).toMatchObject({ tokens_per_second: 10, speedup: 1 })
  })

  it('leaves out whose passes are not known, and drafts where there is no draft model', () => {
    expect(project([sample('llama.cpp', 0, { widths: null })], FLAT)).toEqual([])
    const drafted = sample('speculative', 0, { widths: [{ target: 3, draft: [1, 1] }] })
    expect(project([drafted], { ...FLAT, draft: null })).toEqual([])
  })
})

describe('hardware files', () => {
  it('all that are shipped have a name', () => {
    expect(readdirSync(HARDWARE_FOLDER).sort()).toEqual(hardwareNames.map((name) => `${name}.json`).sort())
  })

  it.each(hardwareNames)('%s: the curves were measured, or are what its derivation says', (name) => {
    const file = hardwareSchema.parse(JSON.parse(readFileSync(join(HARDWARE_FOLDER, `${name}.json`), 'utf8')))
    expect(readHardware(name).name).toBe(file.name)
    if (!file.derivation) return expect(file.sources.join()).toContain('measured')
    const derivation = file.derivation as {
      bandwidth_bytes_per_second: number
      flops_per_second: number
      bytes_per_parameter: number
      seconds_per_layer: number
      plain_tokens_per_second?: number
    } & Record<'target' | 'draft', { parameters: number; layers: number }>
    for (const model of ['target', 'draft'] as const) {
      const { parameters, layers } = derivation[model]
      const reading = (derivation.bytes_per_parameter * parameters) / derivation.bandwidth_bytes_per_second
      for (const [i, width] of (file[model]?.widths ?? []).entries()) {
        const computing = (2 * width * parameters) / derivation.flops_per_second
        const seconds = Math.max(reading, computing) + layers * derivation.seconds_per_layer
        expect(file[model]?.seconds[i]).toBeCloseTo(seconds, 5)
      }
    }
    const published = derivation.plain_tokens_per_second
    if (published !== undefined) expect(1 / (file.target.seconds[0] as number)).toBeCloseTo(published, 1)
  })

  it('a file that is not there or no curve is refused with the reason', () => {
    expect(() => readHardware('h100')).toThrow(/no such hardware: received h100, give a JSON file of cost curves or one of .*flat-gpu/)
    const folder = mkdtempSync(join(tmpdir(), 'hardware-'))
    const file = join(folder, 'mine.json')
    const write = (change: object) =>
      writeFileSync(file, JSON.stringify({ name: 'mine', note: '', sources: ['me'], draft: null, ...change }))
    write({ target: { widths: [2, 4], seconds: [1, 2] } })
    expect(() => readHardware(file)).toThrow(/mine.json is no file of cost curves: target.*must begin with 1/)
    write({ target: { widths: [1, 4], seconds: [1] } })
    expect(() => readHardware(file)).toThrow(/as many seconds as widths/)
    writeFileSync(file, '{')
    expect(() => readHardware(file)).toThrow(/cannot read mine.json/)
    rmSync(folder, { recursive: true })
  })
})

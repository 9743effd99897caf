import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { joulesBetween, readEnergy } from '../../src/bench/energy.ts'
import { tempFolder } from '../models/temp-folder.ts'

/** Zones as Linux shows them: microjoules of each. */
function write(folder: string, zones: Readonly<Record<string, readonly [name: string, used: number]>>): void {
  for (const [zone, [name, used]] of Object.entries(zones)) {
    mkdirSync(join(folder, zone), { recursive: true })
    writeFileSync(join(folder, zone, 'name'), `${name}\n`)
    writeFileSync(join(folder, zone, 'energy_uj'), `${used}\n`)
    writeFileSync(join(folder, zone, 'max_energy_range_uj'), '262143328850\n')
  }
}

it('adds up processors and memory: not parts of a processor, nor what holds it again', async () => {
  const folder = await tempFolder()
  const others = { 'intel-rapl:0:0': ['core', 0], 'intel-rapl:2': ['psys', 0], 'intel-rapl-mmio:0': ['package-0', 0] } as const
  write(folder, { 'intel-rapl:0': ['package-0', 5e6], 'intel-rapl:1': ['package-1', 0], 'intel-rapl:0:1': ['dram', 1e6], ...others })
  const before = readEnergy(folder)
  expect([...(before?.keys() ?? [])].sort()).toEqual(['intel-rapl:0', 'intel-rapl:0:1', 'intel-rapl:1'])
  const grown = { 'intel-rapl:0:0': ['core', 9e6], 'intel-rapl:2': ['psys', 9e6], 'intel-rapl-mmio:0': ['package-0', 9e6] } as const
  write(folder, { 'intel-rapl:0': ['package-0', 15e6], 'intel-rapl:1': ['package-1', 2e6], 'intel-rapl:0:1': ['dram', 1.5e6], ...grown })
  expect(joulesBetween(before, readEnergy(folder))).toBeCloseTo(12.5)
})

it('goes on where a counter begins anew', async () => {
  const folder = await tempFolder()
  write(folder, { 'intel-rapl:0': ['package-0', 262_143_328_850 - 3e6] })
  const before = readEnergy(folder)
  write(folder, { 'intel-rapl:0': ['package-0', 4e6] })
  expect(joulesBetween(before, readEnergy(folder))).toBeCloseTo(7)
})

it('says nothing where the machine does not', async () => {
  const folder = await tempFolder()
  expect(readEnergy(folder)).toBeNull()
  expect(readEnergy(join(folder, 'none'))).toBeNull()
  mkdirSync(join(folder, 'intel-rapl:0'))
  writeFileSync(join(folder, 'intel-rapl:0', 'name'), 'package-0\n') // its counter cannot be read
  expect(readEnergy(folder)).toBeNull()
  expect(joulesBetween(null, new Map())).toBeNull()
})

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sum } from './statistics.ts'

/** Linux: Intel's name, AMD's processors are there too. Since 2020 only root reads the counters, unless the machine's owner says otherwise. */
const POWERCAP = '/sys/class/powercap'
/** A processor, `intel-rapl:0`, or a part of it, `intel-rapl:0:2`: of the parts only memory is not in the processor's own counter. */
const ZONE = /^intel-rapl:\d+(:\d+)?$/
const COUNTED = /^(package-\d+|dram)$/

/** Counters of energy that started at some time, in microjoules, and where they begin at 0 again; by zone. */
export type EnergyCounters = ReadonlyMap<string, { readonly used: number; readonly range: number }>

/** What processors and memory have used, whoever computed; null where the machine does not tell. */
export function readEnergy(folder: string = POWERCAP): EnergyCounters | null {
  const text = (zone: string, file: string) => readFileSync(join(folder, zone, file), 'utf8').trim()
  try {
    const zones = readdirSync(folder).filter((zone) => ZONE.test(zone) && COUNTED.test(text(zone, 'name')))
    if (zones.length === 0) return null
    return new Map(zones.map((zone) => [zone, { used: Number(text(zone, 'energy_uj')), range: Number(text(zone, 'max_energy_range_uj')) }]))
  } catch {
    return null
  }
}

/** Joules between two readings; null where there is none. A counter is taken to have begun anew once at most: that takes it minutes. */
export function joulesBetween(before: EnergyCounters | null, after: EnergyCounters | null): number | null {
  if (!before || !after) return null
  const used = [...after].map(([zone, { used, range }]) => {
    const grown = used - (before.get(zone)?.used ?? used)
    return grown < 0 ? grown + range : grown
  })
  return sum(used) / 1e6
}

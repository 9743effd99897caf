import { availableParallelism, cpus, totalmem } from 'node:os'
import { basename } from 'node:path'
import type { EngineFacts } from '../api/types.ts'
import { limitOf } from './limit.ts'
import type { Projection, Report, ReportFailure, ReportLimit, ReportModel } from './report.ts'
import { reportSample, rounded, rowsOf } from './rows.ts'
import type { Sample } from './sample.ts'

/** Everything that a run has gathered so far. */
export interface Findings {
  readonly command: string
  readonly date: Date
  readonly settings: Report['settings']
  readonly targets: readonly { readonly name: string; readonly facts: EngineFacts }[]
  readonly samples: readonly Sample[]
  readonly failures: readonly ReportFailure[]
  readonly notes: readonly string[]
  readonly projected: readonly Projection[]
  readonly interrupted: boolean
}

/** The run as one object; all other outputs are drawn from it. */
export function buildReport(findings: Findings): Report {
  const { command, date, settings, targets, samples, failures, notes, projected, interrupted } = findings
  const limits = targets.flatMap(({ name, facts }) => limitsOf(name, facts))
  const engines = new Set(targets.map(({ facts }) => facts.library))
  return {
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: availableParallelism(),
      memory_bytes: totalmem(),
      platform: `${process.platform} ${process.arch}`,
      node: process.version,
    },
    engine: [...engines].join(', '),
    date: date.toISOString(),
    command,
    models: targets.map(({ name, facts }) => modelOf(name, facts)),
    limit: limits.length > 0 ? limits : null,
    rows: rowsOf(samples, limits),
    failures: [...failures],
    interrupted,
    settings,
    notes: [...notes],
    samples: samples.map(reportSample),
    projected: [...projected],
  }
}

function modelOf(target: string, facts: EngineFacts): ReportModel {
  const { target: model, draft } = facts
  return {
    target,
    file: basename(model.file),
    description: model.description,
    bytes: model.bytes,
    draft: draft && { file: basename(draft.file), description: draft.description, bytes: draft.bytes },
    library: facts.library,
    threads: facts.threads,
    context: facts.contextLength,
    exact: facts.exact,
  }
}

function limitsOf(target: string, { costs }: EngineFacts): ReportLimit[] {
  if (!costs) return []
  const limit = limitOf(costs.target)
  const copy = ({ widths, seconds }: typeof costs.target) => ({ widths: [...widths], seconds: [...seconds] })
  return [
    {
      target,
      speedup: rounded(limit.speedup),
      width: limit.width,
      tokens_per_second: rounded(limit.tokensPerSecond),
      plain_tokens_per_second: rounded(limit.plainTokensPerSecond),
      target_curve: copy(costs.target),
      draft_curve: costs.draft && copy(costs.draft),
    },
  ]
}

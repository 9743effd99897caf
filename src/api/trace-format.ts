import type { Statistics } from '../core/stats.ts'
import type { StepTrace } from './types.ts'

/** A recorded answer is lines of JSON: a start, its steps, an end. */
export type TraceLine = TraceStart | TraceStep | TraceEnd

export interface TraceStart {
  type: 'start'
  version: 1
  target: string
  draft: string | null
  method: string
  prompt: string
}

export interface TraceStep extends StepTrace {
  type: 'step'
  /** From 1. */
  step: number
  emitted: readonly { text: string; origin: string; source?: string }[]
}

export interface TraceEnd {
  type: 'end'
  finish: string
  statistics?: Statistics
}

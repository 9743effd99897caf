import { z } from 'zod'

const positive = z.number().nonnegative()
const curve = z.strictObject({ widths: z.array(z.int().min(1)), seconds: z.array(positive) })

const modelSchema = z.strictObject({
  /** The name that rows have in `target`. */
  target: z.string(),
  file: z.string(),
  description: z.string(),
  bytes: positive,
  draft: z.strictObject({ file: z.string(), description: z.string(), bytes: positive }).nullable(),
  library: z.string(),
  threads: z.int(),
  context: z.int(),
  exact: z.boolean(),
})

/** Speed with perfect drafts that cost nothing, on the measured cost of a pass. */
const limitSchema = z.strictObject({
  target: z.string(),
  speedup: positive,
  width: z.int(),
  tokens_per_second: positive,
  plain_tokens_per_second: positive,
  target_curve: curve,
  draft_curve: curve.nullable(),
})

const rowSchema = z.strictObject({
  task: z.string(),
  method: z.string(),
  target: z.string(),
  prompts: z.int(),
  tokens: z.int(),
  tokens_per_second: positive,
  /** Median over the prompts of speed ÷ the base's speed on the same prompt. */
  speedup: positive.nullable(),
  /** Of the prompts' speed-ups. */
  spread: z.strictObject({ min: positive, q1: positive, q3: positive, max: positive }).nullable(),
  mean_acceptance_length: positive.nullable(),
  target_passes_per_token: positive.nullable(),
  draft_passes_per_token: positive.nullable(),
  /** Time outside the engine's passes; below zero never, null for other programs. */
  overhead_share: z.number().max(1).nullable(),
  /** Speed-up ÷ the target's limit. */
  fraction_of_limit: positive.nullable(),
  /** Answers, and those of them whose text is the base's. */
  texts: z.int(),
  equal_texts: z.int(),
  /** Turns whose plain runs before and after never agreed; they count for the speeds only where no other does. */
  unsteady: z.int(),
  base: z.string(),
  /** All tokens ÷ all time, against the base's. */
  speedup_of_totals: positive.nullable(),
  speedup_over_vanilla: positive.nullable(),
  /** Null where the machine does not tell, and in reports from before it was asked. */
  joules_per_token: positive.nullable().default(null),
  memory_bytes: positive.nullable(),
  acceptance_histogram: z.array(z.int()).nullable(),
})

const sampleSchema = z.strictObject({
  task: z.string(),
  method: z.string(),
  target: z.string(),
  prompt: z.int(),
  repeat: z.int(),
  prompt_tokens: z.int(),
  tokens: z.int(),
  tokens_per_second: positive,
  base_tokens_per_second: positive,
  /** The plain runs before and after it agree within 5 %. */
  steady: z.boolean(),
  /** First token that differs from the base's text; null: none does. */
  differs_at: z.int().nullable(),
})

/** A program that was to be measured and could not be built or run. */
const failureSchema = z.strictObject({ target: z.string(), method: z.string(), reason: z.string() })

/** Computed from recorded steps and another machine's costs: never measured. */
const projectionSchema = z.strictObject({
  hardware: z.string(),
  task: z.string(),
  method: z.string(),
  target: z.string(),
  tokens_per_second: positive,
  speedup: positive,
})

/** What `ouroboros bench --json` writes. */
export const reportSchema = z.strictObject({
  machine: z.strictObject({ cpu: z.string(), cores: z.int(), memory_bytes: positive, platform: z.string(), node: z.string() }),
  engine: z.string(),
  date: z.iso.datetime(),
  command: z.string(),
  models: z.array(modelSchema),
  limit: z.array(limitSchema).nullable(),
  rows: z.array(rowSchema),
  failures: z.array(failureSchema),
  /** True: the run was ended early, the rows hold what was measured until then. */
  interrupted: z.boolean(),
  settings: z.strictObject({ prompts: z.int(), max_tokens: z.int(), temperature: positive, seed: z.int(), repeat: z.int() }),
  notes: z.array(z.string()),
  samples: z.array(sampleSchema),
  projected: z.array(projectionSchema),
})

export type Report = z.infer<typeof reportSchema>
export type ReportRow = z.infer<typeof rowSchema>
export type ReportModel = z.infer<typeof modelSchema>
export type ReportLimit = z.infer<typeof limitSchema>
export type ReportSample = z.infer<typeof sampleSchema>
export type ReportFailure = z.infer<typeof failureSchema>
export type Projection = z.infer<typeof projectionSchema>

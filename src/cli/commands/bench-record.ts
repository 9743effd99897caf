import { type Command, Option } from 'commander'
import { readPrompts } from '../../bench/prompts.ts'
import { findTasks, type Task, taskNames } from '../../bench/task.ts'
import { OuroborosError } from '../../core/errors.ts'
import { defaultTarget, findEntry } from '../../models/catalog.ts'
import { resolveModel } from '../../models/index.ts'
import type { RecordedText } from '../../replay/recording.ts'
import { integer, list } from '../flags/numbers.ts'
import { checkWritable } from '../flags/output-file.ts'
import type { World } from './world.ts'

interface RecordFlags {
  data: string
  tasks: string[]
  prompts: number
  skip: number
  tokens: number
  model: string
  specDraftModel?: string
  /** False with `--no-draft`. */
  draft: boolean
}

/** `ouroboros bench record`: answers of both models, for `bench replay`. */
export function registerBenchRecord(bench: Command, { terminal }: World): void {
  bench
    .command('record')
    .description('record answers of a pair of models, for bench replay')
    .argument('<file>', 'where to write the recording, gzipped JSON; it holds no text, only which tokens are equal')
    .requiredOption('--data <dir>', "folder with the data sets' own files")
    .addOption(new Option('--tasks <names>', `comma-separated, of ${taskNames.join(', ')}`).argParser(list).default(['gsm8k'], 'gsm8k'))
    .option('--prompts <n>', 'prompts per task', integer({ min: 1, max: 1000 }), 6)
    .option('--skip <n>', 'leave out so many prompts of each task first', integer({ min: 0, max: 10_000 }), 10)
    .option('-n, --tokens <n>', 'most tokens per answer', integer({ min: 2, max: 4096 }), 96)
    .option('-m, --model <model>', 'target model', defaultTarget)
    .option('--spec-draft-model <model>', 'draft model; a catalog id as target brings its own')
    .option('--no-draft', 'the target only, for bench history --no-draft')
    .action(async (file: string, flags: RecordFlags) => {
      checkWritable(file)
      const { LlamaModel } = await import('../../llama/model.ts')
      const { fastDraft } = await import('../../runtime/fast-draft.ts')
      const { record } = await import('../../replay/record.ts')
      const { writeRecording } = await import('../../replay/recording.ts')
      const draftName = flags.draft ? (flags.specDraftModel ?? findEntry(flags.model)?.draft) : undefined
      if (flags.draft && draftName === undefined)
        throw new OuroborosError('E_USAGE', `${flags.model} brings no draft model: name one with --spec-draft-model, or give --no-draft`)
      const tasks = flags.tasks.flatMap(findTasks).map((task) => ({ task, prompts: promptsOf(task, flags) }))
      const target = LlamaModel.load(await resolveModel(flags.model))
      // As drafts are made by default.
      const draft =
        draftName === undefined
          ? undefined
          : LlamaModel.load(await fastDraft(draftName, await resolveModel(draftName)), { frequentTokens: true })
      const texts: RecordedText[] = []
      for (const { task, prompts } of tasks) {
        for (const [i, prompt] of prompts.entries()) {
          terminal.stderr.write(`${task.name} ${i + 1} of ${prompts.length}\n`)
          texts.push(record(target, draft, task.name, prompt, flags.tokens))
        }
      }
      const endTokens = [...target.vocabulary.endTokens]
      writeRecording(file, { version: 2, target: target.description, draft: draft?.description ?? 'none', endTokens, texts })
      draft?.close()
      target.close()
    })
}

function promptsOf(task: Task, { data, skip, prompts: count }: RecordFlags): readonly string[] {
  const prompts = readPrompts(data, task, skip + count)
    .measured.slice(skip)
    .map(([first]) => first)
  if (prompts.length > 0) return prompts
  throw new OuroborosError('E_USAGE', `${data} has no prompts for ${task.name} behind the first ${skip}: give a smaller --skip`)
}

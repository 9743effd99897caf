import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CachedSequence, drive, Sampler, Session, VanillaDrafter } from '../../src/core/index.ts'
import { LlamaModel } from '../../src/llama/model.ts'
import { splitGguf } from '../models/split-gguf.ts'
import { tempFolder } from '../models/temp-folder.ts'
import { goldenFile } from './model-files.ts'

interface Case {
  prompt: number[]
  plain: number[]
}
const { runs } = JSON.parse(readFileSync(goldenFile('reference-runs.json'), 'utf8')) as { runs: { cases: Case[] }[] }

test.each([
  ['as one file', () => goldenFile('target.gguf')],
  ['in three parts', async () => splitGguf(goldenFile('target.gguf'), await tempFolder(), 3)[1] as string],
])('greedy text of the tiny model equals PyTorch float32: %s', async (_, file) => {
  const model = LlamaModel.load(await file(), { cacheTypeK: 'f32', cacheTypeV: 'f32', flashAttention: false, threads: 1 })
  const text = new CachedSequence(model.open())
  for (const [i, { prompt, plain }] of (runs[0]?.cases ?? []).entries()) {
    const session = new Session(
      { target: text, drafter: new VanillaDrafter(), sampler: new Sampler(), endTokens: new Set(), maxTokens: plain.length },
      prompt,
    )
    while (!session.finish) drive(session.step())
    expect(session.prefix.slice(prompt.length), `case ${i}`).toEqual(plain)
  }
  model.close()
})

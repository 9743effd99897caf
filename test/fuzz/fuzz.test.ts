import { describe, expect, it } from 'vitest'
import { type Area, fuzz } from './area.ts'
import { grammars } from './grammars.ts'
import { requests } from './requests.ts'
import { schemas } from './schemas.ts'
import { fakeServer } from './servers.ts'
import { templates } from './templates.ts'
import { toolTexts } from './tool-texts.ts'

/** The beginning of `npm run fuzz`, with a seed of its own. */
const SEED = 20_261_126

async function holds(area: Area, cases: number, atLeast: Record<string, number>): Promise<void> {
  const { failures, kinds } = await fuzz(area, { seed: SEED, cases })
  expect(failures).toEqual([])
  for (const [kind, count] of Object.entries(atLeast)) expect(kinds[kind], kind).toBeGreaterThan(count)
}

describe('a few thousand hostile inputs', () => {
  it('grammars are followed or refused', () => holds(grammars, 500, { followed: 100, refused: 100 }))
  it('schemas: what is written is valid, or they are refused', () =>
    holds(schemas, 300, { 'taken, and what was written is valid': 100, refused: 30 }))
  it('texts of tools: any cut gives the same calls', () => holds(toolTexts, 1000, { calls: 200, text: 200 }))
  it('templates: a prompt in time, in which people speak for nobody else', () => holds(templates, 400, { rendered: 100, refused: 60 }))
  it('requests over HTTP are answered or refused', async () => {
    const server = await fakeServer()
    await holds(await requests('requests', server), 800, { 200: 80, 400: 80, 404: 4 })
    await server.close?.()
  })
})

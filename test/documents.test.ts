import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { rewriteFlags } from '../src/cli/flags/flags.ts'
import { FakeWorld } from './cli/fake-world.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8')
const names = (folder: string, ending: string) => readdirSync(join(ROOT, folder)).filter((name) => name.endsWith(ending))
const DOCUMENTS = [...names('.', '.md'), ...names('docs', '.md').map((name) => `docs/${name}`)]

/** As the repository's web page makes them of headings. */
const anchors = (text: string) =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )

/** Words that follow `ouroboros` in code, to the end of the line, the comment or the code. */
function calls(text: string): string[][] {
  const code = [...text.matchAll(/^(?:[A-Z_]+=\S* )?ouroboros +(\w[^#\n]*)/gm), ...text.matchAll(/`ouroboros (\w[^`]*)`/g)]
  return code.map(([, line = '']) =>
    line
      .replace(/'[^']*'|"[^"]*"/g, 'TEXT')
      .trim()
      .split(/\s+/),
  )
}

async function help(...command: string[]): Promise<{ code: number; text: string }> {
  const world = new FakeWorld()
  const code = await world.run([...command, '--help'])
  return { code, text: world.out }
}

describe.each(DOCUMENTS)('%s', (document) => {
  const text = read(document)

  it('has links that lead somewhere', () => {
    const broken = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link = '']) => link)
      .filter((link) => !/^https?:/.test(link))
      .filter((link) => {
        const [path = '', anchor] = link.split('#')
        const target = path === '' ? document : join(dirname(document), path)
        return !existsSync(join(ROOT, target)) || (anchor !== undefined && !anchors(read(target)).includes(anchor))
      })
    expect(broken).toEqual([])
  })

  it('names commands and flags that there are', async () => {
    for (const words of calls(text)) {
      const [command = '', sub = ''] = words
      const own = await help(command)
      expect(own.code, `ouroboros ${command}`).toBe(0)
      const isSub = ['bench', 'phrases'].includes(command) && /^[a-z]+$/.test(sub)
      const { text: known } = isSub ? await help(command, sub) : own
      const end = words.indexOf('--')
      const flags = rewriteFlags(end < 0 ? words : words.slice(0, end), () => {}).filter((word) => /^--?[a-z]/.test(word))
      for (const flag of flags)
        expect(known, `ouroboros ${words.join(' ')}`).toMatch(new RegExp(`(^|\\s)${flag.replace(/=.*/, '')}(,|\\s)`, 'm'))
    }
  })

  it('names scripts that there are', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const npm = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name)
    expect(npm.filter((name) => !scripts[name])).toEqual([])
    const node = [...text.matchAll(/node ((?:bench|scripts)\/[\w.-]+)/g)].map(([, file = '']) => file)
    expect(node.filter((file) => !existsSync(join(ROOT, file)))).toEqual([])
  })
})

describe('ARCHITECTURE.md', () => {
  it('names files that there are', () => {
    const files = [...read('ARCHITECTURE.md').matchAll(/`((?:\w[\w-]*\/)+(?:[\w.-]+\.\w+)?)`/g)].map(([, file = '']) => file)
    expect(files.length).toBeGreaterThan(30)
    expect(files.filter((file) => !existsSync(join(ROOT, file)) && !existsSync(join(ROOT, 'src', file)))).toEqual([])
  })
})

describe('docs/robustness.md', () => {
  it('names tests that there are', () => {
    const cells = [...read('docs/robustness.md').matchAll(/^\|[^|]*\| (`test\/.*) \|$/gm)].map(([, cell = '']) => cell)
    expect(cells.length).toBeGreaterThan(20)
    const named = cells.flatMap((cell) => [...cell.matchAll(/`(test\/[\w./-]+)`: (.*?)(?=\. `test\/|$)/g)])
    const missing = named.flatMap(([, file = '', titles = '']) => titles.split('; ').filter((title) => !read(file).includes(title)))
    expect(missing).toEqual([])
  })
})

describe('docs/pictures', () => {
  it('are what the recorded answer gives: npm run pictures', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pictures-'))
    try {
      execFileSync(process.execPath, [join(ROOT, 'scripts/pictures.mjs'), folder])
      for (const name of readdirSync(folder)) expect(read(`docs/pictures/${name}`)).toBe(readFileSync(join(folder, name), 'utf8'))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

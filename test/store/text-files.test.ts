import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { filesBelow, textOf } from '../../src/store/text-files.ts'
import { temporaryFolder } from './phrases.ts'

const root = temporaryFolder()
const write = (name: string, text: string | Uint8Array = name) => {
  mkdirSync(dirname(join(root, name)), { recursive: true })
  writeFileSync(join(root, name), text)
  return join(root, name)
}
const below = (...paths: string[]) => [...filesBelow(paths.map((path) => join(root, path)))].map((file) => relative(root, file))

test('what git ignores, links and .git are left out; the nearest rules have the last word', () => {
  write('.git/config')
  write('.gitignore', 'dist/\n*.log\n!keep.log\n/only-here\n')
  for (const name of ['a.ts', 'b.log', 'keep.log', 'only-here', 'dist/x.js', 'src/b.ts', 'src/only-here', 'src/c.log']) write(name)
  write('src/.gitignore', '!c.log\nb.ts\n')
  symlinkSync(root, join(root, 'src', 'round'))
  const inSrc = ['src/.gitignore', 'src/c.log', 'src/only-here']
  expect(below('.')).toEqual(['.gitignore', 'a.ts', 'keep.log', ...inSrc])
  expect(below('src')).toEqual(inSrc) // by the rules of the repository's root, too
  expect(below('b.log', 'a.ts')).toEqual(['b.log', 'a.ts']) // who names a file wants it
  expect(() => below('none')).toThrow(/no such file or folder/)
})

test('text is what somebody wrote', () => {
  expect(textOf(write('text', 'ä\n'))).toBe('ä\n')
  expect(textOf(write('zero', 'a\0b'))).toBeUndefined()
  expect(textOf(write('bytes', Uint8Array.of(255, 254, 97)))).toBeUndefined()
  expect(textOf(write('long-lines', 'x'.repeat(5001)))).toBeUndefined()
  expect(textOf(write('large', 'x\n'.repeat(2 ** 19 + 1)))).toBeUndefined()
  expect(textOf(join(root, 'none'))).toBeUndefined()
})

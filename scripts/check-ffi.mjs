// Compares the C declarations that are used with the libraries' headers, word for word (comments and white space aside).
// usage: npm run check:ffi [LLAMA_CPP_FOLDER]; without a folder: the git bundle in the package node-llama-cpp.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from './prepare.mjs'

const HEADERS = ['include/llama.h', 'ggml/include/ggml-backend.h', 'ggml/include/ggml.h']
const declarations = join(ROOT, 'dist/llama/declarations.js')
if (!existsSync(declarations)) end(`${declarations} is missing: run npm run build first`)
const { GGML_BASE_FUNCTIONS, GGML_FUNCTIONS, LIBRARY_VERSION, LLAMA_FUNCTIONS, STRUCTS } = await import(declarations)

const { folder, done } = source(process.argv[2])
try {
  compare({ folder, headers: HEADERS, structs: STRUCTS, functions: LLAMA_FUNCTIONS + GGML_FUNCTIONS + GGML_BASE_FUNCTIONS })
} finally {
  done()
}

function compare({ folder, headers: names, structs, functions }) {
  const headers = names.map((name) => ({ name, words: words(readFileSync(join(folder, name), 'utf8')) }))
  const drift = [...Object.entries(structs).flatMap(structDrift), ...prototypes(functions).flatMap(functionDrift)]
  for (const line of drift) console.error(line)
  if (drift.length > 0) process.exitCode = 1
  else console.log(`the declarations are those of ${folder} (library ${LIBRARY_VERSION})`)

  /** First field that differs from the header's struct. */
  function structDrift([name, fields]) {
    const header = headers.find(({ words }) => words.includes(`struct ${name} {`))
    if (!header) return [`struct ${name}: in none of ${names.join(', ')}`]
    const body = header.words.split(`struct ${name} {`)[1].split('}')[0]
    const [ours, theirs] = [fields, body].map((text) =>
      words(text)
        .split(';')
        .map((one) => one.trim())
        .flatMap(single),
    )
    const at = Array.from({ length: Math.max(ours.length, theirs.length) }, (_, i) => i).find((i) => ours[i] !== theirs[i])
    return at === undefined
      ? []
      : [`struct ${name}, field ${at + 1}: declared "${ours[at] ?? 'nothing'}", ${header.name} has "${theirs[at] ?? 'nothing'}"`]
  }

  function functionDrift(ours) {
    const name = nameOf(ours)
    for (const header of headers) {
      const theirs = new RegExp(`(?:^|[;{}"]) ?((?:[\\w*]+ )+${name} \\([^;{]*?\\)) ;`).exec(header.words)?.[1]
      if (theirs) return same(ours, theirs) ? [] : [`function ${name}: declared "${ours}", ${header.name} has "${theirs}"`]
    }
    return [`function ${name}: in none of ${names.join(', ')}`]
  }
}

/** The export macros say nothing about a type. */
function same(a, b) {
  const plain = (text) => text.replace(/\b(LLAMA_API|GGML_API|GGML_BACKEND_API) /g, '')
  return plain(a) === plain(b)
}

/** `int a, b` as two fields. */
function single(field) {
  if (field === '') return []
  const [, type, names] = /^(.*?)(\w+(?: , \w+)*)$/.exec(field) ?? ['', '', field]
  return names.split(' , ').map((name) => `${type}${name}`)
}

/** Text without comments and preprocessor lines, one space between any two words or signs. */
function words(text) {
  return text
    .replace(/\/\*[\s\S]*?\*\/|\/\/.*$|^\s*#(?:.*\\\n)*.*$/gm, ' ')
    .replace(/\bDEPRECATED\b|\bGGML_DEPRECATED\b/g, ' ; ')
    .replace(/([^\w\s])/g, ' $1 ')
    .replace(/\s+/g, ' ')
    .trim()
}

function prototypes(text) {
  return words(text)
    .split(';')
    .map((one) => one.trim())
    .filter(Boolean)
}

function nameOf(prototype) {
  return /(\w+) \(/.exec(prototype)?.[1]
}

function source(given) {
  if (given)
    return existsSync(join(given, HEADERS[0]))
      ? { folder: given, done() {} }
      : end(`no ${HEADERS[0]} in ${given}: give a folder with llama.cpp's sources`)
  const bundle = findBundle()
  if (!bundle)
    end(
      `node-llama-cpp is not installed: run npm install --no-save --ignore-scripts node-llama-cpp@3.21.1, or give a folder with llama.cpp ${LIBRARY_VERSION}`,
    )
  const temporary = mkdtempSync(join(tmpdir(), 'llama-cpp-'))
  const done = () => rmSync(temporary, { recursive: true, force: true })
  const { status, stderr } = spawnSync('git', ['clone', '--quiet', '--depth', '1', bundle, join(temporary, 'source')], { encoding: 'utf8' })
  if (status !== 0) {
    done()
    end(`cannot clone ${bundle}: ${stderr}`)
  }
  return { folder: join(temporary, 'source'), done }
}

function findBundle() {
  const paths = createRequire(import.meta.url).resolve.paths('node-llama-cpp') ?? []
  return paths.map((path) => join(path, 'node-llama-cpp', 'llama', 'gitRelease.bundle')).find(existsSync)
}

function end(message) {
  console.error(message)
  process.exit(1)
}

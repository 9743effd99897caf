// `npm run pictures [FOLDER]`: draws docs/pictures from the answer that was recorded for the playground.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './prepare.mjs'

const LINE = 22
const CHAR = 7.8
// As in the playground: told apart by blind eyes for colors, and by the line below the token.
const STYLE = `text { font: 13px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; fill: #1d1d1b; white-space: pre }
.dim { fill: #62625c } .said { font-weight: bold } .paper { fill: #fcfcfb; stroke: #e2e2dc }
.draft { fill: #0072b21c } .phrase { fill: #e0700026 } .target { fill: none } line { stroke-width: 2 } path { fill: none; stroke: #8b8b84 }
line.draft { stroke: #0068a8 } line.phrase { stroke: #b34a00; stroke-dasharray: 2 3 } line.target { stroke: none } line.struck { stroke: #8b8b84; stroke-width: 1 }`

const lines = readFileSync(join(ROOT, 'src/server/playground/example.jsonl'), 'utf8').trim().split('\n')
const steps = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'step')
const folder = process.argv[2] ?? join(ROOT, 'docs/pictures')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'tokens.svg'), answer(steps))
writeFileSync(join(folder, 'step.svg'), oneStep(steps[20]))

/** An answer as it reads, each token marked by who wrote it first. */
function answer(steps) {
  const tokens = steps.flatMap(({ emitted }) => emitted).slice(3)
  const parts = []
  let [x, y] = [0, 0]
  for (const { text, origin } of tokens) {
    const [first, ...rest] = text.split('\n')
    parts.push(token(x, y, first, origin))
    x += first.length
    for (const line of rest) {
      y++
      x = line.length
      if (line !== '') parts.push(token(0, y, line, origin))
    }
  }
  const { draft, phrase, target } = count(tokens)
  const legend = [
    [`draft model ${draft}`, 'draft'],
    [`phrase ${phrase}`, 'phrase'],
    [`target model's own ${target}`, 'target'],
  ]
  let at = 0
  for (const [text, origin] of legend) {
    parts.push(token(at, y + 2, text, origin))
    at += text.length + 3
  }
  parts.push(label(at, y + 2, `in ${target} passes of the target`, 'dim'))
  return picture('An answer, its tokens marked by who wrote them first', 88, y + 3, parts)
}

/** What one step sent to the target as a tree, and what came of it. */
function oneStep({ tree, accepted, emitted }) {
  const parts = []
  let row = 0
  const paths = tree.flatMap((_, i) => (tree.some(({ parent }) => parent === i) ? [] : [pathTo(tree, i)]))
  const place = new Map([[-1, { x: 0, y: 0 }]])
  for (const path of paths.sort((a, b) => b.filter((i) => accepted.includes(i)).length - a.filter((i) => accepted.includes(i)).length)) {
    const start = path.findIndex((i) => !place.has(i))
    const from = place.get(path[start - 1] ?? -1)
    if (row > 0) parts.push(`<path d="M${px(from.x - 1)} ${py(from.y) + 4}V${py(row) - 5}H${px(from.x) + 2}"/>`)
    let x = from.x + (row > 0 ? 1 : 0)
    for (const i of path.slice(start)) {
      const text = shown(tree[i].text)
      if (x + text.length > 92) {
        parts.push(label(x, row, '…', 'dim'))
        break
      }
      parts.push(token(x, row, text, tree[i].origin))
      if (!accepted.includes(i)) parts.push(line(x, row, text.length, -4, 'struck'))
      x += text.length + 1
      place.set(i, { x, y: row })
    }
    row++
    if (row > 1) continue
    const last = place.get(accepted.at(-1))
    const own = shown(emitted.at(-1).text)
    parts.push(`<path d="M${px(last.x - 1)} ${py(0) + 4}V${py(1) - 5}H${px(last.x) + 2}"/>`)
    parts.push(label(last.x + 1, 1, own, 'said'), label(last.x + own.length + 2, 1, "is the target's own pick here", 'dim'))
    row++
  }
  parts.push(label(0, row, `${accepted.length} accepted and 1 own: ${emitted.length} tokens in one pass`, 'dim'))
  return picture('One step: what was proposed, what the target took', 96, row + 1, parts)
}

function pathTo(tree, node) {
  return node < 0 ? [] : [...pathTo(tree, tree[node].parent), node]
}

function shown(text) {
  return text.replaceAll('\n', '↵').replaceAll(' ', '·')
}

function count(tokens) {
  const counts = { draft: 0, phrase: 0, target: 0 }
  for (const { origin } of tokens) counts[origin]++
  return counts
}

function token(x, y, text, origin) {
  if (text === '') return ''
  const box = `<rect class="${origin}" x="${px(x)}" y="${py(y) - 14}" width="${round(text.length * CHAR)}" height="18"/>`
  return `${box}${line(x, y, text.length, 4, origin)}${label(x, y, text, '')}`
}

function line(x, y, length, below, name) {
  return `<line class="${name}" x1="${px(x) + 0.5}" x2="${round(px(x + length) - 1)}" y1="${py(y) + below}" y2="${py(y) + below}"/>`
}

/** Its width is given, for fonts differ. */
function label(x, y, text, name) {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text${name && ` class="${name}"`} x="${px(x)}" y="${py(y)}" textLength="${round(text.length * CHAR)}" xml:space="preserve">${escaped}</text>`
}

function picture(title, columns, rows, parts) {
  const [width, height] = [Math.ceil(columns * CHAR + 28), rows * LINE + 24]
  const frame = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`
  const paper = `<rect class="paper" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>`
  return `${frame}\n<title>${title}</title>\n<style>${STYLE}</style>\n${paper}\n${parts.filter((part) => part !== '').join('\n')}\n</svg>\n`
}

function px(column) {
  return round(14 + column * CHAR)
}

function py(row) {
  return 28 + row * LINE
}

function round(value) {
  return Math.round(value * 10) / 10
}

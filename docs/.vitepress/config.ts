import { existsSync } from 'node:fs'
import { defineConfig } from 'vitepress'

const page = (text: string, name: string) => ({ text, link: name === 'README' ? '/' : `/${name}` })

/** Made by `npm run docs`. */
const hasReference = existsSync(new URL('../api/README.md', import.meta.url))

/** `npm run docs`: these pages and the ones at the repository's root as a site that loads nothing from elsewhere. Links that lead nowhere fail. */
export default defineConfig({
  title: 'Ouroboros',
  description: 'The same text as your local model alone, byte for byte, written faster',
  srcDir: '..',
  srcExclude: ['test/**', 'bench/**', 'dist/**', 'kernels/**', 'docs/.vitepress/**'],
  cacheDir: '../node_modules/.cache/vitepress',
  rewrites: { 'README.md': 'index.md' },
  markdown: {
    config(md) {
      // The repository's first page is the site's.
      md.core.ruler.push('readme', (state) => {
        for (const { children } of state.tokens) {
          for (const token of children ?? []) {
            const href = token.attrGet('href')
            if (href?.startsWith('../README.md')) token.attrSet('href', href.replace('README.md', 'index.md'))
          }
        }
      })
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [page('Playground', 'docs/playground'), page('Server', 'docs/server'), page('Measurements', 'docs/measurements')],
    sidebar: [
      {
        text: 'Begin',
        items: [
          page('What it is', 'README'),
          page('Start in two commands', 'docs/start'),
          page('How it works', 'docs/how-it-works'),
          page('The playground', 'docs/playground'),
          page('Glossary', 'docs/glossary'),
        ],
      },
      {
        text: 'Use',
        items: [
          page('Models', 'docs/models'),
          page('Choosing a pair', 'docs/choosing-a-pair'),
          page('Reading the statistics', 'docs/statistics'),
          page('Tuning', 'docs/tuning'),
          page('The server', 'docs/server'),
          page('The phrase store', 'docs/phrase-store'),
          page('JSON schemas', 'docs/json-schema'),
          page('Robustness', 'docs/robustness'),
          page('llama.cpp’s own tests', 'docs/peer-tests'),
          page('Comparison', 'docs/comparison'),
          ...(hasReference ? [page('Library reference', 'docs/api/README')] : []),
        ],
      },
      {
        text: 'Measure',
        items: [page('Measurements', 'docs/measurements'), page('Benchmarks', 'docs/benchmarks')],
      },
      {
        text: 'Inside',
        items: [
          page('Architecture', 'ARCHITECTURE'),
          page('The method by hand', 'docs/worked-example'),
          page('Cost control', 'docs/cost-control'),
          page('Kernels', 'docs/kernels'),
          page('The engine', 'docs/engine'),
          page('Mutation testing', 'docs/mutation-testing'),
          page('Contributing', 'CONTRIBUTING'),
          page('Changes', 'CHANGELOG'),
        ],
      },
    ],
  },
})

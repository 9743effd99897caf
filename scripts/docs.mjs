// `npm run docs`: the API reference out of the types, then the site. `vitepress build docs` alone is the site without the reference.
import { join } from 'node:path'
import { ROOT, run } from './prepare.mjs'

/** TypeDoc reads types through TypeScript's own API, which TypeScript 7 does not have: it gets an older one for itself. */
const TOOLS = ['typedoc@0.28.20', 'typedoc-plugin-markdown@4.14.1', 'typescript@5.9.3']
const DOORS = ['index', 'core/index', 'testing/index', 'models/index', 'server/index', 'ai-sdk/index']

run('npm', [
  'exec',
  '--yes',
  ...TOOLS.map((tool) => `--package=${tool}`),
  '--',
  'typedoc',
  ...['--plugin', 'typedoc-plugin-markdown', '--tsconfig', 'tsconfig.build.json', '--out', 'docs/api', '--readme', 'none'],
  ...['--outputFileStrategy', 'modules', '--hideBreadcrumbs', '--disableSources', '--skipErrorChecking', '--logLevel', 'Error'],
  ...DOORS.flatMap((door) => ['--entryPoints', `src/${door}.ts`]),
])
run(process.execPath, [join(ROOT, 'node_modules/vitepress/bin/vitepress.js'), 'build', 'docs'])

// Three programs, three self-contained files: the mover must not pay for what the operator imports.
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { defineConfig } from 'rolldown'
import type { OutputOptions, Plugin, RolldownOptions } from 'rolldown'
import { packageList } from './release/notices/package-list.ts'

/** Before anything of the program is loaded: an older Node would fail somewhere in a library, with words that help nobody. */
const banner =
  "if (+process.versions.node.split('.')[0] < 24) { console.error('meili-operator needs Node 24 or later, this is ' + process.version); process.exit(1) }"

/**
 * What the programs use of undici. Its index loads mocks, caches, interceptors and SQLite as well, and none of it can be shaken off (docs/decisions/0007).
 * KubeConfig names more than that, in methods that nobody here calls.
 */
const undici = `
import Agent from 'undici/lib/dispatcher/agent.js'
import ProxyAgent from 'undici/lib/dispatcher/proxy-agent.js'
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js'
import send from 'undici/lib/api/api-request.js'
Dispatcher.prototype.request = send
const request = ({ origin, pathname, search }, { dispatcher, ...options }) => dispatcher.request({ ...options, origin, path: pathname + search })
const fetch = () => { throw new Error('fetch is not part of this program') }
export { Agent, ProxyAgent, fetch, request }
`

const undiciInPart: Plugin = {
  name: 'undici-in-part',
  resolveId: (id) => (id === 'undici' ? join(import.meta.dirname, 'undici-in-part.js') : undefined),
  load: (id) => (id === join(import.meta.dirname, 'undici-in-part.js') ? undici : undefined),
}

/** `charset` leaves the notices of licences as they are: a name in one of them is written as in a string. */
const asciiNotices: Plugin = {
  name: 'ascii-notices',
  renderChunk: (code) => ({
    code: code.replaceAll(/\/\*!.*?\*\//g, (notice) =>
      notice.replaceAll(/[^\0-\u007F]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
    ),
    map: null,
  }),
}

const shared = (file: string): Plugin[] => [undiciInPart, asciiNotices, packageList(file)]

const program = (input: string, file: string, output: OutputOptions = {}): RolldownOptions => ({
  input,
  platform: 'node',
  // KubeConfig reaches for one class among hundreds of generated models; the rest would cost 30 MB of memory.
  treeshake: { moduleSideEffects: [{ test: /client-node\/dist\/gen\//, sideEffects: false }] },
  plugins: shared(file),
  output: {
    file,
    format: 'esm',
    minify: true,
    sourcemap: true,
    codeSplitting: false,
    // With a single other character V8 keeps the whole text at two bytes each.
    charset: 'ascii',
    banner,
    ...output,
  },
})

/** A file that a shell runs, copied under any name: CommonJS, which an older Node can read far enough to say what is wrong. */
const executable = (input: string, file: string): RolldownOptions => ({
  ...program(input, file, {
    format: 'cjs',
    banner: `#!/usr/bin/env node\n${banner.replace('meili-operator', 'kubectl-meili')}`,
    sourcemap: false,
  }),
  plugins: [...shared(file), { name: 'executable', writeBundle: async () => chmod(file, 0o755) }],
})

export default defineConfig([
  program('src/operator/main.ts', 'dist/operator.js'),
  program('src/mover/main.ts', 'dist/mover.js'),
  executable('src/cli/main.ts', 'dist/kubectl-meili.cjs'),
])

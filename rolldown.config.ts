// Three programs, three self-contained files: the mover must not pay for what the operator imports.
import { chmod } from 'node:fs/promises'
import { defineConfig } from 'rolldown'
import type { OutputOptions, RolldownOptions } from 'rolldown'
import { packageList } from './release/package-list.ts'

/** Before anything of the program is loaded: an older Node would fail somewhere in a library, with words that help nobody. */
const banner = "if (+process.versions.node.split('.')[0] < 24) { console.error('meili-operator needs Node 24 or later, this is ' + process.version); process.exit(1) }"

const program = (input: string, file: string, output: OutputOptions = {}): RolldownOptions => ({
  input,
  platform: 'node',
  // KubeConfig reaches for one class among hundreds of generated models; the rest would cost 30 MB of memory.
  treeshake: { moduleSideEffects: [{ test: /client-node\/dist\/gen\//, sideEffects: false }] },
  plugins: [packageList(file)],
  output: {
    file,
    format: 'esm',
    minify: true,
    sourcemap: true,
    codeSplitting: false,
    banner,
    ...output,
  },
})

/** A file that a shell runs, copied under any name: CommonJS, which an older Node can read far enough to say what is wrong. */
const executable = (input: string, file: string): RolldownOptions => ({
  ...program(input, file, { format: 'cjs', banner: `#!/usr/bin/env node\n${banner.replace('meili-operator', 'kubectl-meili')}`, sourcemap: false }),
  plugins: [packageList(file), { name: 'executable', writeBundle: async () => chmod(file, 0o755) }],
})

export default defineConfig([program('src/main.ts', 'dist/operator.js'), program('src/mover/main.ts', 'dist/mover.js'), executable('src/cli/main.ts', 'dist/kubectl-meili.cjs')])

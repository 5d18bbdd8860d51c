// Two programs, two self-contained files: the mover must not pay for what the operator imports.
import { defineConfig } from 'rolldown'
import type { RolldownOptions } from 'rolldown'

const program = (input: string, file: string): RolldownOptions => ({
  input,
  platform: 'node',
  output: {
    file,
    format: 'esm',
    minify: true,
    sourcemap: true,
    codeSplitting: false,
  },
})

export default defineConfig([program('src/main.ts', 'dist/operator.js'), program('src/mover/main.ts', 'dist/mover.js')])

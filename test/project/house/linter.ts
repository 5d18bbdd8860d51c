// Lints snippets in houses of their own: the real configuration and the real rules, in a folder that is made for it.
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Finding {
  readonly filename: string
  readonly code: string
  readonly message: string
  readonly help?: string
}

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** A snippet as a file of the house: it opens with words, unless it is about a file that has none. */
export const withOpening = (code: string): string => (code === '' ? 'export const x = 1\n' : `// A snippet.\n${code}\n`)

/** @param files path below the project → what is in it */
export async function lint(files: ReadonlyMap<string, string>): Promise<readonly Finding[]> {
  const house = await mkdtemp(join(tmpdir(), 'house-lint-'))
  try {
    await Promise.all(
      ['.oxlintrc.json', 'lint', 'tsconfig.json', '.gitignore', 'package.json'].map((name) =>
        cp(join(root, name), join(house, name), { recursive: true }),
      ),
    )
    await symlink(join(root, 'node_modules'), join(house, 'node_modules'))
    for (const [file, code] of files) {
      await mkdir(dirname(join(house, file)), { recursive: true })
      await writeFile(join(house, file), code)
    }
    const output = await new Promise<string>((resolve) => {
      execFile(
        process.execPath,
        [join(root, 'node_modules/oxlint/bin/oxlint'), '-f', 'json', ...files.keys()],
        { cwd: house, maxBuffer: 1e8 },
        (_error, stdout) => resolve(stdout),
      )
    })
    return (JSON.parse(output) as { diagnostics: Finding[] }).diagnostics
  } finally {
    await rm(house, { recursive: true })
  }
}

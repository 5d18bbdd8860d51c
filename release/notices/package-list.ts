// A plugin of the bundler: writes beside each program the list of packages whose code is in it, by their paths in package-lock.json.
import { writeFile } from 'node:fs/promises'
import type { Plugin } from 'rolldown'

/** The few functions that the bundler itself puts into a program. */
const bundlerRuntime = '\0rolldown/runtime.js'

/** `node_modules/a/node_modules/b` of a module's path, or nothing for the project's own. */
export function packageOf(moduleId: string): string | undefined {
  if (moduleId === bundlerRuntime) return 'node_modules/rolldown'
  return /\/(node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+)\//.exec(moduleId)?.[1]
}

/** @param program the path of its file */
export const listOf = (program: string): string => program.replace(/\.[^.]+$/, '.packages.json')

export const packageList = (program: string): Plugin => ({
  name: 'package-list',
  writeBundle: async (_, bundle) => {
    const modules = Object.values(bundle).flatMap((file) => (file.type === 'chunk' ? Object.keys(file.modules) : []))
    const packages = new Set(modules.map(packageOf).filter((found) => found !== undefined))
    await writeFile(listOf(program), `${JSON.stringify([...packages].toSorted(), undefined, 2)}\n`)
  },
})

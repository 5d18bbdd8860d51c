// A folder that holds source has at most a dozen entries, and each one below src is known to lint/folders.ts.
import { knownFolders } from '../known-folders.ts'
import { entriesOf, foldersAbove, sourcePath, speakerOf } from './tree.ts'
import type { Rule } from './rule.ts'

const limit = 12

function flawsOf(folder: string): readonly string[] {
  const { length } = entriesOf(folder)
  const isKnown = !folder.startsWith('src/') || knownFolders.has(folder.slice('src/'.length))
  return [
    ...(length > limit
      ? [
          `${folder}/ has ${length} entries, ${limit} are the limit: a prefix that appears a third time is a folder that is missing.`,
        ]
      : []),
    ...(isKnown
      ? []
      : [
          `${folder}/ is a folder that lint/known-folders.ts does not know: say there who may import it, or put the file into one that is there.`,
        ]),
  ]
}

export const entries: Rule = {
  create: (context) => ({
    Program(node) {
      const path = sourcePath(context.filename)
      if (path === undefined) return
      for (const folder of foldersAbove(path).filter((above) => speakerOf(above) === path))
        for (const message of flawsOf(folder)) context.report({ node, message })
    },
  }),
}

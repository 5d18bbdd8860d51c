// Names that say nothing, or not what is meant.
import type { Bad } from './snippet.ts'

export const badNames: readonly Bad[] = [
  {
    what: 'a file whose ending no rule looks at',
    file: 'src/runtime/a.mts',
    code: 'export const x = 1',
    rule: 'house(file-name)',
    says: 'ends in .ts',
  },
  {
    what: 'an empty name',
    file: 'src/runtime/queue-utils.ts',
    code: 'export const x = 1',
    rule: 'house(file-name)',
    says: 'words of the field',
  },
  {
    what: 'a name in camel case',
    file: 'src/runtime/workQueue.ts',
    code: 'export const x = 1',
    rule: 'unicorn(filename-case)',
    says: 'kebab',
  },
]

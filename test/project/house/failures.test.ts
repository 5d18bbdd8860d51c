// docs/failures.md holds every reason that can appear, and no other.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { instanceReasons } from '../../../src/api/instance.ts'
import { restoreReasons } from '../../../src/api/restore.ts'
import { scheduleReasons } from '../../../src/api/schedule.ts'
import { snapshotReasons } from '../../../src/api/snapshot.ts'

const [, ofSnapshots = '', ofInstances = '', ofSchedules = '', ofRestores = ''] = readFileSync(
  new URL('../../../docs/failures.md', import.meta.url),
  'utf8',
).split(/^## (?:Meili\w+|What is tried)$/m)

const documentedReasons = (section: string): string[] =>
  [...section.matchAll(/^\| `(\w+)` \| .+ \| .+ \|$/gm)].map(([, reason]) => reason ?? '')

test.each([
  ['MeiliSnapshot', ofSnapshots, snapshotReasons],
  ['MeiliInstance', ofInstances, instanceReasons],
  ['MeiliSnapshotSchedule', ofSchedules, scheduleReasons],
  ['MeiliRestore', ofRestores, restoreReasons],
])('each reason of a %s has its line', (_, section, reasons) => {
  expect(documentedReasons(section).toSorted()).toEqual(Object.values(reasons).toSorted())
})

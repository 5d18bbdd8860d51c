// Every kind of the group. Whatever must exist once per kind (CRD, store, controller) is made from this list.
import type { Kind } from './group.ts'
import { meiliInstances } from './instance.ts'
import { meiliRestores } from './restore.ts'
import { meiliSnapshots } from './snapshot.ts'
import { meiliSnapshotSchedules } from './schedule.ts'

export const kinds: readonly Kind[] = [meiliInstances, meiliSnapshots, meiliSnapshotSchedules, meiliRestores]

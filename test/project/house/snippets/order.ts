// Which way the arrows run inside a folder (lint/order.ts).
import { from, layers } from './snippet.ts'
import type { Bad } from './snippet.ts'

/** [importer, what it imports] below one folder, in words of its message */
const backUp = (folder: string, says: string, arrows: readonly (readonly [string, string])[]): readonly Bad[] =>
  arrows.map(([file, imported]) => ({
    what: `${folder}${file} knows no ${imported}`,
    file: `src/${folder}${file}`,
    code: from(`${'../'.repeat(file.split('/').length - 1) || './'}${imported}`, 'import type'),
    rule: layers,
    says,
  }))

export const badArrows: readonly Bad[] = [
  ...backUp('kinds/snapshot/', 'No arrow runs back up', [
    ['engine/task.ts', 'before/prerequisites.ts'],
    ['move/move.ts', 'engine/task.ts'],
    ['after/delete-artifact.ts', 'move/move.ts'],
    ['job/end.ts', 'after/delete-artifact.ts'],
    ['status/attempt.ts', 'job/template.ts'],
    ['status/deadline.ts', 'engine/request.ts'],
    ['observe/mover.ts', 'move/artifact.ts'],
    ['observation.ts', 'job/template.ts'],
    ['before/reserve.ts', 'decide.ts'],
  ]),
  ...backUp('kinds/snapshot/', 'may start the next stage alone', [
    ['before/a.ts', 'move/move.ts'],
    ['before/a.ts', 'after/delete-artifact.ts'],
    ['engine/a.ts', 'after/delete-artifact.ts'],
  ]),
  ...backUp('kinds/snapshot/', 'goes through status/attempt.ts', [['move/next-move.ts', 'engine/request.ts']]),
  ...backUp('kinds/instance/', 'No arrow runs back up', [
    ['managed/restart.ts', 'decide.ts'],
    ['managed/provision.ts', 'decide.ts'],
    ['locate/launch.ts', 'observation.ts'],
    ['observation.ts', 'managed/managed.ts'],
    ['status/status.ts', 'managed/provision.ts'],
    ['children/server-pod.ts', 'status/verdict.ts'],
    ['observe/server.ts', 'decide.ts'],
  ]),
  ...backUp('mover/', 'No arrow runs back up', [
    ['artifact/fill.ts', 'command/move.ts'],
    ['source/copy.ts', 'artifact/place.ts'],
    ['verify/tar.ts', 'source/copy.ts'],
    ['io/space.ts', 'verify/archive.ts'],
    ['failure.ts', 'io/space.ts'],
    ['stream/a.ts', 'artifact/fill.ts'],
  ]),
  ...backUp('cli/', 'No arrow runs back up', [
    ['command/wait.ts', 'program/options.ts'],
    ['doctor/observe.ts', 'command/doctor.ts'],
    ['view/progress.ts', 'doctor/finding.ts'],
    ['terminal/print.ts', 'complaint.ts'],
    ['cluster.ts', 'terminal/terminal.ts'],
  ]),
]

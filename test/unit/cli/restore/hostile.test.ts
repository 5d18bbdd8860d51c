// Whatever others wrote into MeiliRestores and what belongs to them, the plugin prints it as text, and each command that it prints is one command.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Restore } from '../../../../src/cli/cluster.ts'
import { runCleanUp, runRollback } from '../../../../src/cli/command/restore/change.ts'
import { runRestore } from '../../../../src/cli/command/restore/restore.ts'
import { runDrill } from '../../../../src/cli/command/restore/server.ts'
import { runRestoreDescribe, runRestoreList } from '../../../../src/cli/command/restore/show.ts'
import { runDoctor } from '../../../../src/cli/command/doctor.ts'
import { runStatus } from '../../../../src/cli/command/status.ts'
import { runWait } from '../../../../src/cli/command/wait.ts'
import { diagnoseRestores } from '../../../../src/cli/doctor/restores.ts'
import { applyCommand, cleanUpCommand, undoCommand } from '../../../../src/cli/view/restore/names.ts'
import { meiliIn } from '../../../../src/cli/terminal/shell.ts'
import { event, instance, schedule, snapshot } from '../cluster-objects.ts'
import { clusterOf, commandsIn, expectPlain, nasty, recordTerminal, spoilt } from '../hostile.ts'
import type { Printed, World } from '../hostile.ts'
import { completed, drill, failed, filling, planned, wentBack } from './restores.ts'

/** Without these members as they are, little of the code would be reached. */
const kept = ['type', 'status', 'phase', 'kind', 'uid', 'mode']
const ended = fc.oneof(...[completed, wentBack, failed, planned(), drill].map((one) => spoilt(one, kept)))
const world: fc.Arbitrary<World> = fc
  .record({
    restores: fc.array(ended, { minLength: 1, maxLength: 3 }),
    instance: spoilt(instance, kept),
    snapshot: spoilt(snapshot, kept),
    schedule: spoilt(schedule, kept),
    event: spoilt(event),
  })
  .map((given) => ({
    meilirestores: given.restores,
    meiliinstances: [given.instance],
    meilisnapshots: [given.snapshot],
    meilisnapshotschedules: [given.schedule],
    events: [given.event],
    deployments: [],
    customresourcedefinitions: [],
  }))

const running = { wait: true, timeoutMs: undefined, format: undefined }
const patching = { name: 'back', dryRun: false, format: undefined }
/** What is refused is said in a sentence, which main prints as one line. */
const orRefused = async (work: Promise<unknown>, { terminal }: Printed): Promise<unknown> =>
  await work.catch((error: unknown) => {
    terminal.errorLine(`error: ${(error as Error).message}`)
  })

describe('each line is one line of harmless text:', () => {
  type Run = (printing: Printed['terminal'], seen: World) => Promise<unknown>
  const over = { ...running, snapshot: 'nightly', inPlace: 'movies' }
  test.each<[string, Run]>([
    [
      'list',
      (to, seen) =>
        runRestoreList(clusterOf(seen), to, { instance: undefined, allNamespaces: true, format: undefined }),
    ],
    ['describe', (to, seen) => runRestoreDescribe(clusterOf(seen), to, { name: 'back', format: undefined })],
    ['plan', (to, seen) => runRestore(clusterOf(seen), to, { ...over, dryRun: true })],
    ['apply', (to, seen) => runRestore(clusterOf(seen), to, { ...over, dryRun: false, confirm: 'movies' })],
    ['rollback', (to, seen) => runRollback(clusterOf(seen), to, { ...patching, wait: true, timeoutMs: 0 })],
    ['cleanup', (to, seen) => runCleanUp(clusterOf(seen), to, patching)],
    ['drill', (to, seen) => runDrill(clusterOf(seen), to, { ...running, snapshot: 'nightly', query: undefined })],
    ['wait', (to, seen) => runWait(clusterOf(seen), to, { ...running, name: 'restore/back' })],
    [
      'wait in vain',
      (to, seen) =>
        runWait(clusterOf({ ...seen, meilirestores: [filling] }), to, {
          ...running,
          timeoutMs: 0,
          name: 'restore/back',
        }),
    ],
    [
      'status',
      (to, seen) => runStatus(clusterOf(seen), to, { name: undefined, allNamespaces: true, format: undefined }),
    ],
    ['doctor', (to, seen) => runDoctor(clusterOf(seen), to, { allNamespaces: true, format: undefined })],
  ])('%s', async (_, run) => {
    await fc.assert(
      fc.asyncProperty(world, async (seen) => {
        const all = recordTerminal()
        await orRefused(run(all.terminal, seen), all)
        expectPlain(all)
      }),
      { numRuns: 40 },
    )
  })
})

describe('a command that is printed is one command, whatever is named in it:', () => {
  const expectOne = (line: string | undefined): void => {
    const commands = commandsIn(line ?? 'kubectl')
    expect(commands).toHaveLength(1)
    expect(commands[0]?.[0]).toBe('kubectl')
  }

  test('to apply, to undo, to clean up', () => {
    fc.assert(
      fc.property(ended, nasty, (restore, namespace) => {
        const meili = meiliIn(namespace)
        for (const line of [applyCommand(restore, meili), undoCommand(restore, meili), cleanUpCommand(restore, meili)])
          expectOne(line)
      }),
    )
  })

  test('in the remedies of doctor', () => {
    fc.assert(
      fc.property(fc.array(ended, { minLength: 1 }), (restores: readonly Restore[]) => {
        for (const { remedy } of diagnoseRestores({ restores, snapshots: [], schedules: [] }, 0))
          for (const part of (remedy ?? '').split(/; (?=kubectl)|(?:any more|settled|data): /))
            if (part.startsWith('kubectl')) expect(commandsIn(part)[0]?.[0]).toBe('kubectl')
      }),
    )
  })
})

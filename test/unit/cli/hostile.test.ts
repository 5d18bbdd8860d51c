// Whatever others wrote in the cluster, the plugin prints it as text: one line is one line, YAML is one object.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { candidateLines } from '../../../src/cli/candidates.ts'
import type { Cluster, Snapshot } from '../../../src/cli/cluster.ts'
import { formatValue } from '../../../src/cli/terminal/print.ts'
import { programFor } from '../../../src/cli/program/program.ts'
import { runAdopt } from '../../../src/cli/command/adopt.ts'
import { runDoctor } from '../../../src/cli/command/doctor.ts'
import { runConfirm, runKeep, runSuspend } from '../../../src/cli/command/patch.ts'
import { runPreview } from '../../../src/cli/command/preview.ts'
import { runScheduleDescribe, runScheduleList } from '../../../src/cli/command/schedule.ts'
import { runDescribe, runList } from '../../../src/cli/command/snapshot.ts'
import { runStatus } from '../../../src/cli/command/status.ts'
import { followToEnd } from '../../../src/cli/command/wait.ts'
import { followedSnapshot } from '../../../src/cli/view/followed.ts'
import { clusterOf, commandsIn, control, expectPlain, nasty, recordTerminal, spoilt } from './hostile.ts'
import type { Printed, World } from './hostile.ts'
import {
  claim,
  definition,
  deployment,
  ended,
  event,
  instance,
  lease,
  pod,
  schedule,
  settings,
  snapshot,
  statefulSet,
} from './cluster-objects.ts'

/** Without these members as they are, little of the code would be reached. */
const kept = ['type', 'status', 'phase', 'kind', 'uid']
const world: fc.Arbitrary<World> = fc
  .record({
    instances: fc.array(spoilt(instance, kept), { maxLength: 3 }),
    snapshots: fc.array(fc.oneof(spoilt(snapshot, kept), spoilt(ended, kept)), { minLength: 1, maxLength: 3 }),
    schedules: fc.array(spoilt(schedule, kept), { minLength: 1, maxLength: 3 }),
    event: spoilt(event),
    deployment: spoilt(deployment),
    lease: spoilt(lease),
    definition: spoilt(definition, ['name', 'type', 'status']),
  })
  .map((given) => ({
    meiliinstances: given.instances.length === 0 ? [instance] : given.instances,
    meilisnapshots: given.snapshots,
    meilisnapshotschedules: given.schedules,
    events: [given.event],
    deployments: [given.deployment],
    leases: [given.lease],
    customresourcedefinitions: [given.definition],
    statefulsets: [],
    pods: [],
  }))

/** Lines of our own, and nothing in them is more than a character. */
function expectHarmless(text: string): void {
  expect(text.replaceAll('\n', '')).not.toMatch(control)
}

describe('adopt', () => {
  const labels = fc.dictionary(
    nasty.filter((key) => key !== '__proto__'),
    nasty,
    { minKeys: 1, maxKeys: 4 },
  )
  const found = fc.record({
    pod: spoilt(pod, ['kind', 'uid', 'phase', 'image']),
    labels,
    settings: spoilt(settings),
    claim: spoilt(claim),
    statefulSet: fc.option(spoilt(statefulSet, ['uid'])),
    name: fc.option(nasty),
    keys: fc.dictionary(nasty, fc.constant('')),
  })

  test('prints one MeiliInstance, whatever the author of a pod wrote, and all else on stderr', async () => {
    const property = fc.asyncProperty(found, fc.constantFrom('yaml', 'json'), async (given, format) => {
      const adopted = { ...given.pod, metadata: { ...given.pod.metadata, labels: given.labels } }
      const cluster = clusterOf({
        pods: [adopted],
        statefulsets: given.statefulSet === null ? [] : [given.statefulSet],
        configmaps: [given.settings],
        persistentvolumeclaims: [given.claim],
        secrets: [{ data: given.keys }],
      })
      const { terminal, out, err } = recordTerminal()
      expect(await runAdopt(cluster, terminal, { target: undefined, name: given.name ?? undefined, format })).toBe(0)
      const text = out.join('')
      expectHarmless(text)
      expectPlain({ terminal, out: [], err })
      const documents =
        format === 'yaml'
          ? parseAllDocuments(text, { version: '1.1' }).map((each) => each.toJS() as object)
          : [JSON.parse(text) as object]
      expect(documents).toMatchObject([{ apiVersion: 'meili-operator.dev/v1alpha1', kind: 'MeiliInstance' }])
      expect(Object.keys(documents[0] ?? {})).toEqual(['apiVersion', 'kind', 'metadata', 'spec'])
    })
    await fc.assert(property, { numRuns: 150 })
  })

  test.each(['yaml', 'json'] as const)(
    'prints no second object though the snapshot directory is one (%s)',
    async (format) => {
      const evil =
        '/meili_data/snapshots\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: pwn}\n---\n#'
      const hostile = structuredClone(pod)
      hostile.spec.containers[1]!.env![0]!.value = evil
      const { terminal, out, err } = recordTerminal()
      await runAdopt(
        clusterOf({
          pods: [hostile],
          configmaps: [settings],
          persistentvolumeclaims: [claim],
          statefulsets: [statefulSet],
        }),
        terminal,
        { target: undefined, name: undefined, format },
      )
      expect(out.join('')).not.toContain('ClusterRoleBinding')
      expect(err[0]).toContain('--- apiVersion: rbac.authorization.k8s.io/v1 kind: ClusterRoleBinding')
    },
  )
})

describe('each line is one line of harmless text:', () => {
  const scope = { allNamespaces: true, format: undefined }
  const patching = { name: 'nightly', dryRun: false, format: undefined }
  const following = { name: 'first', format: undefined, followed: followedSnapshot }
  const inPhase = (phase: string, seen: World): Cluster =>
    clusterOf({
      ...seen,
      meilisnapshots: (seen['meilisnapshots'] as Snapshot[])
        .slice(0, 1)
        .map((one) => ({ ...one, status: { ...one.status, phase } })),
    })
  test.each<[string, (printing: Printed['terminal'], world: World) => Promise<unknown>]>([
    ['status', (terminal, seen) => runStatus(clusterOf(seen), terminal, { ...scope, name: undefined })],
    [
      'status of one',
      (terminal, seen) => runStatus(clusterOf(seen), terminal, { ...scope, allNamespaces: false, name: 'books' }),
    ],
    ['list', (terminal, seen) => runList(clusterOf(seen), terminal, { ...scope, instance: undefined })],
    [
      'list of names',
      (terminal, seen) =>
        runList(clusterOf({ ...seen, meilisnapshots: seen['meilisnapshots']!.slice(0, 1) }), terminal, {
          ...scope,
          format: 'name',
          instance: undefined,
        }),
    ],
    ['describe', (terminal, seen) => runDescribe(clusterOf(seen), terminal, { name: 'first', format: undefined })],
    ['schedules', (terminal, seen) => runScheduleList(clusterOf(seen), terminal, { ...scope, instance: undefined })],
    [
      'a schedule',
      (terminal, seen) => runScheduleDescribe(clusterOf(seen), terminal, { name: 'nightly', format: undefined }),
    ],
    [
      'a preview',
      (terminal, seen) =>
        runPreview(clusterOf(seen), terminal, { name: 'nightly', filename: undefined, format: undefined }),
    ],
    ['confirm', (terminal, seen) => runConfirm(clusterOf(seen), terminal, patching)],
    ['suspend', (terminal, seen) => runSuspend(clusterOf(seen), terminal, { ...patching, suspend: true })],
    ['keep', (terminal, seen) => runKeep(clusterOf(seen), terminal, { ...patching, undo: false })],
    ['keep no longer', (terminal, seen) => runKeep(clusterOf(seen), terminal, { ...patching, undo: true })],
    ['doctor', (terminal, seen) => runDoctor(clusterOf(seen), terminal, scope)],
    [
      'wait',
      (terminal, seen) => followToEnd(inPhase('Failed', seen), terminal, { ...following, timeoutMs: undefined }),
    ],
    [
      'wait in vain',
      (terminal, seen) => followToEnd(inPhase('Moving', seen), terminal, { ...following, timeoutMs: 0 }),
    ],
  ])('%s', async (_, run) => {
    await fc.assert(
      fc.asyncProperty(world, async (seen) => {
        const all = recordTerminal()
        await run(all.terminal, seen)
        expectPlain(all)
      }),
      { numRuns: 40 },
    )
  })

  test('completion offers words alone, each on its line with what it is', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ word: nasty, about: nasty })), (candidates) => {
        for (const line of candidateLines([{ word: 'pod/search-0', about: 'a\tb\nc' }, ...candidates], '')) {
          const [word = '', ...abouts] = line.split('\t')
          expect(commandsIn(word)).toEqual([[word]])
          expect(abouts.length).toBeLessThan(2)
          expect(abouts.join('')).not.toMatch(control)
        }
      }),
    )
    expect(
      candidateLines(
        [
          { word: 'pod/search-0', about: 'a\tb\nc' },
          { word: 'x; id', about: '' },
          { word: '--all', about: '' },
        ],
        '',
      ),
    ).toEqual(['pod/search-0\ta b c', '--all'])
  })

  test('help and usage are ours, and keep their lines', () => {
    const { terminal, out } = recordTerminal()
    expect(() => programFor(terminal, {}).parse(['--help'], { from: 'user' })).toThrow('outputHelp')
    expect(out.join('').split('\n').length).toBeGreaterThan(10)
  })
})

test.each(['yaml', 'json'] as const)(
  '%s comes back as it was, and holds no character that a terminal or a YAML reader would act on',
  (format) => {
    const value = fc.jsonValue({ stringUnit: 'binary' }).filter((one) => !JSON.stringify(one).includes('__proto__'))
    fc.assert(
      fc.property(
        fc.record({
          items: fc.array(fc.oneof(nasty, value)),
          map: fc.dictionary(
            fc.oneof(nasty, fc.constant('<<')).filter((key) => key !== '__proto__'),
            nasty,
            { noNullPrototype: true },
          ),
        }),
        (given) => {
          const object = JSON.parse(JSON.stringify(given)) as object
          const text = formatValue(object, format)
          expectHarmless(text)
          const back =
            format === 'json'
              ? (JSON.parse(text) as unknown)
              : parseAllDocuments(text, { version: '1.1' }).map((each) => each.toJS() as unknown)
          expect(back).toEqual(format === 'json' ? object : [object])
        },
      ),
      { numRuns: 100 },
    )
  },
)

// The plugin's commands about schedules on a real API server, run as users run them. There is no operator: the tests write the status that it would.
import { beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { meiliSnapshotSchedules } from '../../../src/api/schedule.ts'
import type { MeiliSnapshotSchedule } from '../../../src/api/schedule.ts'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import type { KubeObject } from '../../../src/kube/resource.ts'
import { apiServer, namespaceOfEachTest, pluginOn } from '../../support/kubernetes/api-server.ts'
import type { Ended } from '../../support/kubernetes/plugin.ts'
import { completedStatus, conditions } from './statuses.ts'

const api = apiServer()
const plugin = pluginOn(api)
const here = namespaceOfEachTest(api)

type Schedule = MeiliSnapshotSchedule & KubeObject
type Snapshot = MeiliSnapshot & KubeObject

const meili = async (...words: readonly string[]): Promise<Ended> => await plugin.run([...words, '-n', here.namespace])

const destination = { claim: { name: 'backups' } }
const source = { instanceRef: { name: 'movies' } }
const objectOf = (name: string, spec: object = {}): KubeObject => {
  const object = {
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind: 'MeiliSnapshotSchedule',
    metadata: { namespace: here.namespace, name },
    spec: {
      schedule: '0 3 * * *',
      timeZone: 'Europe/Berlin',
      template: { metadata: { labels: { team: 'search' } }, spec: { source, destination } },
      ...spec,
    },
  }
  return object
}

async function schedule(name: string, status: object = {}, spec: object = {}): Promise<Schedule> {
  const created = await api.kube.create(meiliSnapshotSchedules, objectOf(name, spec))
  return (await api.kube.updateStatus(meiliSnapshotSchedules, {
    ...created,
    status: { observedGeneration: 1, ...status },
  } as KubeObject)) as Schedule
}

/** A good one, taken that long ago. */
async function run(name: string, hoursAgo: number, of = 'nightly'): Promise<void> {
  const time = (offset: number): string => new Date(Date.now() - offset * 3_600_000).toISOString().replace(/\.\d+/, '')
  const created = await api.kube.create(meiliSnapshots, {
    apiVersion: 'meili-operator.dev/v1alpha1',
    kind: 'MeiliSnapshot',
    metadata: { namespace: here.namespace, name, labels: { 'meili-operator.dev/schedule': of } },
    spec: { source, destination },
  } as KubeObject)
  const task = { uid: 2, status: 'succeeded', enqueuedAt: time(hoursAgo), startedAt: time(hoursAgo) }
  const status = completedStatus({ task, completedAt: time(hoursAgo) })
  await api.kube.updateStatus(meiliSnapshots, { ...created, status } as KubeObject)
}

const scheduleNamed = async (name: string): Promise<Schedule> =>
  await api.kube.get<Schedule>(meiliSnapshotSchedules, { namespace: here.namespace, name })
const snapshotNamed = async (name: string): Promise<Snapshot> =>
  await api.kube.get<Snapshot>(meiliSnapshots, { namespace: here.namespace, name })

const held = {
  held: { reason: 'MassExpiry', hash: '0123456789abcdef', since: '2026-01-02T03:04:05Z' },
  expiring: [{ name: 'nightly-1', reason: 'no rule keeps it' }],
  conditions: conditions({
    Ready: ['True', 'Scheduled', 'The next snapshot is made at 03:00.'],
    RetentionHeld: ['True', 'MassExpiry', '1 of 1 good ones would go.'],
  }),
}

describe('list', () => {
  test('shows when, the last good one, what is kept and what is wrong', async () => {
    await schedule('hourly', {
      lastSuccess: { name: 'a', completedAt: '2026-01-01T00:00:00Z' },
      lastFailure: { name: 'hourly-1', completedAt: '2026-01-02T00:00:00Z', reason: 'KeyTooWeak' },
      consecutiveFailures: 2,
      conditions: conditions({
        Ready: ['True', 'Scheduled', 'x'],
        LastSnapshotSucceeded: ['False', 'SnapshotFailed', 'MeiliSnapshot hourly-1 failed: KeyTooWeak.'],
      }),
    })
    await schedule('nightly', { kept: { count: 14, bytes: 22_548_578_304, size: '21.0 GiB' } }, { suspend: true })
    const { code, out, err } = await meili('schedule', 'list')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^NAME +INSTANCE +WHEN +LAST GOOD +NEXT +KEPT +STORE +ROOM FOR +PROBLEM\n/)
    expect(out).toMatch(/^hourly .* ✗ \d+[dy] ago .* 2 failures in a row: hourly-1: KeyTooWeak$/m)
    expect(out).toMatch(/^nightly +movies +03:00 Europe\/Berlin +never +suspended +14 · 21\.0 GiB +claim backups +-$/m)
  })

  test('of one instance, of all namespaces, and for machines', async () => {
    await schedule('nightly')
    expect((await meili('schedule', 'list', 'books')).out).toMatch(/^There is no MeiliSnapshotSchedule of books /)
    const { out } = await plugin.run(['schedule', 'list', '-A'])
    expect(out).toMatch(new RegExp(`^${here.namespace} +nightly +movies`, 'm'))
    expect((await meili('schedule', 'list', 'movies', '-o', 'name')).out).toBe(
      'meilisnapshotschedule.meili-operator.dev/nightly\n',
    )
    const { items } = JSON.parse((await meili('schedule', 'list', '-o', 'json')).out) as { items: Schedule[] }
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['nightly'])
  })
})

test('describe shows why each is kept, what holds the others, and Events', async () => {
  const kept = { count: 1, bytes: 1, size: '1 B', rules: [{ name: 'nightly-2', by: ['last', 'daily'] }] }
  const { metadata } = await schedule('nightly', { ...held, kept })
  await api.kubectl.apply({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { namespace: here.namespace, name: 'nightly.1' },
    involvedObject: {
      kind: 'MeiliSnapshotSchedule',
      namespace: here.namespace,
      name: 'nightly',
      uid: metadata.uid,
    },
    type: 'Warning',
    reason: 'RunSkipped',
    message: 'One runs and one waits.',
    lastTimestamp: '2026-01-01T00:00:00Z',
  })
  const { code, out } = await meili('schedule', 'describe', 'nightly')
  expect(code).toBe(0)
  for (const line of [
    /^Slots: +\w{3} \d{4}-\d\d-\d\d 03:00 \+0[12]:00, /m,
    /^Retention: +none: nothing is ever deleted$/m,
    /^Held: +MassExpiry, for .*: 1 of 1 good ones would go$/m,
    /^ {2}nightly-2 +last, daily$/m,
    /^ {2}nightly-1 +no rule keeps it$/m,
    /Warning +RunSkipped +One runs and one waits\.$/m,
  ])
    expect(out).toMatch(line)
  expect(await meili('schedule', 'describe', 'weekly')).toMatchObject({
    code: 3,
    err: expect.stringContaining('There is no MeiliSnapshotSchedule weekly') as unknown,
  })
})

describe('preview', () => {
  beforeEach(async () => {
    await schedule('nightly', {}, { retention: { keepLast: 2 } })
    for (const [index, name] of ['nightly-3', 'nightly-2', 'nightly-1'].entries()) await run(name, index * 24 + 1)
    await run('weekly-1', 1, 'weekly')
  })

  test('shows ten slots and what becomes of each snapshot', async () => {
    const { code, out } = await meili('schedule', 'preview', 'nightly')
    expect(code).toBe(0)
    expect(out.match(/ 03:00 \+0[12]:00 /g)).toHaveLength(10)
    expect(out).toMatch(/^ {2}nightly-3 .* kept +last, minimum$/m)
    expect(out).toMatch(/^ {2}nightly-2 .* goes after the next +last$/m)
    expect(out).toMatch(/^ {2}nightly-1 .* goes +no rule keeps it$/m)
    expect(out).not.toContain('weekly-1')
  })

  test('of a file says what would be, and applies nothing', async () => {
    const before = await scheduleNamed('nightly')
    const text = JSON.stringify(objectOf('nightly', { schedule: '@hourly', retention: { keepLast: 1 } }))
    const filename = api.file(`kind: Other\n---\n${text}\n`)
    const { out } = await meili('schedule', 'preview', '-f', filename, '-o', 'json')
    const { when, slots, snapshots } = JSON.parse(out) as {
      when: string
      slots: unknown[]
      snapshots: { name: string; verdict: string }[]
    }
    expect(when).toBe('every hour Europe/Berlin')
    expect(slots).toHaveLength(10)
    expect(snapshots.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
      'nightly-3 expireAfterNext',
      'nightly-2 expire',
      'nightly-1 expire',
    ])
    expect(await scheduleNamed('nightly')).toEqual(before)
    expect(await api.kube.listAll(meiliSnapshotSchedules, { namespace: here.namespace })).toHaveLength(1)
  })

  test('of a file that the API server refuses, or that has none or two, says so', async () => {
    const refusal = async (content: string, ...words: string[]): Promise<string> => {
      const { code, err } = await meili('schedule', 'preview', ...words, '-f', api.file(content))
      expect(code).toBe(3)
      expect(err).not.toMatch(/\n +at /)
      return err
    }
    const text = (name: string, spec?: object): string => JSON.stringify(objectOf(name, spec))
    expect(await refusal(text('new', { schedule: '0 25 * * *' }))).toContain('schedule has five fields')
    expect(await refusal(text('nightly', { schedule: '0 25 * * *' }))).toContain('schedule has five fields')
    expect(await refusal('kind: Other')).toContain('There is no MeiliSnapshotSchedule in ')
    expect(await refusal(`${text('a')}\n---\n${text('b')}`)).toContain('There are 2 in ')
    expect(await refusal('a: [')).toContain('cannot be read: ')
    expect(await refusal(text('a'), 'b')).toContain('There is no MeiliSnapshotSchedule b in ')
    expect((await meili('schedule', 'preview')).code).toBe(64)
    expect((await meili('schedule', 'preview', '-f', '/nowhere')).err).toContain('ENOENT')
  })

  test('of a file for a schedule that is not there yet', async () => {
    const { code, out } = await meili('schedule', 'preview', '-f', api.file(JSON.stringify(objectOf('weekly'))))
    expect(code).toBe(0)
    expect(out).toMatch(/^ {2}weekly-1 .* kept +all$/m)
    expect(await api.kube.find(meiliSnapshotSchedules, { namespace: here.namespace, name: 'weekly' })).toBeUndefined()
  })
})

describe('confirm', () => {
  test('shows what is held and what confirming does, and confirms exactly that', async () => {
    await schedule('nightly', held, { retention: { keepLast: 1 } })
    const { code, out } = await meili('schedule', 'confirm', 'nightly')
    expect(code).toBe(0)
    expect(out).toContain('MassExpiry')
    expect(out).toMatch(/^Confirming: +1 snapshot that no rule keeps is deleted with its files/m)
    expect(out).toMatch(/^ {2}nightly-1 +no rule keeps it$/m)
    expect(out).toMatch(/\nmeilisnapshotschedule\.meili-operator\.dev\/nightly confirmed\n$/)
    expect((await scheduleNamed('nightly')).metadata.annotations).toEqual({
      'meili-operator.dev/confirm': '0123456789abcdef',
    })
  })

  test('with --dry-run only shows it', async () => {
    await schedule('nightly', held)
    expect((await meili('schedule', 'confirm', 'nightly', '--dry-run')).out).toContain('confirmed (dry run)')
    expect((await scheduleNamed('nightly')).metadata.annotations).toBeUndefined()
  })

  test('refuses where nothing is held', async () => {
    await schedule('nightly')
    expect(await meili('schedule', 'confirm', 'nightly')).toMatchObject({
      code: 3,
      out: '',
      err: 'error: Retention of MeiliSnapshotSchedule nightly is not held: there is nothing to confirm.\n',
    })
  })
})

test('suspend and resume set spec.suspend and nothing else, and say what Git does', async () => {
  const { spec } = await schedule('nightly')
  const { out } = await meili('schedule', 'suspend', 'nightly')
  expect(out).toMatch(
    /^meilisnapshotschedule\.meili-operator\.dev\/nightly suspended\n.*the next sync puts it back\.\n$/,
  )
  expect((await scheduleNamed('nightly')).spec).toEqual({ ...spec, suspend: true })
  expect((await meili('schedule', 'suspend', 'nightly')).out).toContain('was suspended already')
  expect((await meili('schedule', 'resume', 'nightly', '--dry-run')).out).toContain('nightly resumed (dry run)')
  expect((await scheduleNamed('nightly')).spec.suspend).toBe(true)
  const resumed = parse((await meili('schedule', 'resume', 'nightly', '-o', 'yaml')).out) as Schedule
  expect(resumed.spec).toEqual(spec)
  expect((await scheduleNamed('nightly')).spec).toEqual(spec)
})

describe('a snapshot from a schedule', () => {
  test.each([
    ['snapshot create --from', ['snapshot', 'create', '--from', 'schedule/nightly']],
    ['schedule run', ['schedule', 'run', 'nightly']],
  ])('%s makes one by the template, which belongs to the schedule', async (_, words) => {
    const { metadata, spec } = await schedule('nightly', {}, { suspend: true })
    const { code, out } = await meili(...words, '-o', 'name')
    expect(code).toBe(0)
    expect(out).toMatch(/^meilisnapshot\.meili-operator\.dev\/nightly-\d{8}-\d{6}\n$/)
    const made = await snapshotNamed(out.trim().split('/')[1]!)
    expect(made.metadata.labels).toMatchObject({
      team: 'search',
      'meili-operator.dev/schedule': 'nightly',
      'meili-operator.dev/schedule-uid': metadata.uid,
    })
    expect(made.metadata.ownerReferences).toBeUndefined()
    expect(made.spec).toEqual(spec.template.spec)
  })

  test('--wait follows it, --dry-run makes none', async () => {
    await schedule('nightly')
    expect((await meili('schedule', 'run', 'nightly', '--dry-run')).out).toContain('created (dry run)')
    expect(await api.kube.listAll(meiliSnapshots, { namespace: here.namespace })).toEqual([])
    const flags = ['--name', 'before', '--wait', '--timeout', '1s']
    expect(await meili('snapshot', 'create', '--from', 'schedule/nightly', ...flags)).toMatchObject({
      code: 2,
      out: expect.stringMatching(/^meilisnapshot\.meili-operator\.dev\/before created\nbefore {2}New /) as unknown,
    })
  })

  test.each([
    [
      'what the template says already',
      ['--from', 'schedule/nightly', '--claim', 'b'],
      64,
      /'--from <schedule>' cannot be used with option '--claim <name>'/,
    ],
    ['an instance as well', ['movies', '--from', 'schedule/nightly'], 64, /Schedule nightly says of which instance/],
    ['neither', [], 64, /Of which instance\?/],
    ['another kind', ['--from', 'pod/nightly'], 64, /Write schedule\/NAME/],
    ['a schedule that is not there', ['--from', 'schedule/weekly'], 3, /There is no MeiliSnapshotSchedule weekly/],
  ])('with %s is refused', async (...[, words, code, says]) => {
    await schedule('nightly')
    const ended = await meili('snapshot', 'create', ...words)
    expect(ended).toMatchObject({ code, out: '' })
    expect(ended.err).toMatch(says)
  })
})

test('keep pins a snapshot, and --undo gives it back; list and describe say so', async () => {
  await schedule('nightly')
  await run('nightly-1', 1)
  const { out } = await meili('snapshot', 'keep', 'nightly-1')
  expect(out).toMatch(/^meilisnapshot\.meili-operator\.dev\/nightly-1 is kept\nNo retention deletes it/)
  expect((await snapshotNamed('nightly-1')).metadata.annotations).toEqual({ 'meili-operator.dev/keep': 'true' })
  expect((await meili('snapshot', 'list')).out).toMatch(/^nightly-1 .* nightly \(pinned\) +\d+s$/m)
  expect((await meili('snapshot', 'describe', 'nightly-1')).out).toMatch(/^Retention: +pinned/m)
  expect((await meili('snapshot', 'keep', 'nightly-1', '--undo')).out).toMatch(/is kept no longer\nThe retention of /)
  expect((await snapshotNamed('nightly-1')).metadata.annotations).toBeUndefined()
})

test('status shows the schedules of an instance, and one whose instance is not there', async () => {
  await schedule('nightly', { nextSlot: '2099-01-01T02:00:00Z' })
  const { out } = await meili('status')
  expect(out).toMatch(
    /^SCHEDULE +OF +WHEN +LAST GOOD +NEXT +KEPT\nnightly +movies +03:00 Europe\/Berlin +never +in \d+y +-$/m,
  )
  expect(out).toContain('✗ instance movies: There is no MeiliInstance movies, but schedule nightly.')
})

test('completion knows schedules, alone and behind --from', async () => {
  await schedule('nightly')
  const complete = async (...words: readonly string[]): Promise<string[]> =>
    (await plugin.run(['__complete', '-n', here.namespace, ...words])).out.trim().split('\n')
  const about = '03:00 Europe/Berlin, of movies'
  expect(await complete('schedule', 'describe', '')).toEqual([`nightly\t${about}`, ':4'])
  expect(await complete('snapshot', 'create', '--from', '')).toEqual([`schedule/nightly\t${about}`, ':4'])
})

// The plugin's commands about restores on a real API server, run as users run them. There is no operator: the tests write the status that it would.
import { beforeEach, describe, expect, test } from 'vitest'
import { cleanUpAnnotation, meiliRestores } from '../../../src/api/restore.ts'
import { apiServer, namespaceOfEachTest, pluginOn } from '../../support/kubernetes/api-server.ts'
import type { Ended, RunOptions } from '../../support/kubernetes/plugin.ts'
import { completed, inPlace, plannedStatus, ready, RestoreObjects, rolledBack } from './restore-objects.ts'
import type { Restore } from './restore-objects.ts'

const api = apiServer()
const plugin = pluginOn(api)
const here = namespaceOfEachTest(api)
const objects = new RestoreObjects(api, here)
beforeEach(async () => await objects.createMovies())

const meili = async (words: readonly string[], options: RunOptions = {}): Promise<Ended> =>
  await plugin.run([...words, '-n', here.namespace], options)

const over = ['restore', 'nightly', '--in-place', 'movies']

describe('a plan', () => {
  test('is made, waited for and shown, and nothing else is done', async () => {
    const { onOutput, done } = objects.answer('has not looked at it yet', plannedStatus)
    const { code, out, err } = await meili([...over, '--dry-run'], { onOutput })
    await done()
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('plan for movies (nothing is changed)\n')
    expect(out).toMatch(/^ {2}now +movies +Meilisearch 1\.21\.0 +1 index, 12 documents +← 49,988 fewer$/m)
    expect(out).toContain(
      `apply it:  kubectl meili -n ${here.namespace} restore nightly --in-place movies --confirm movies\n`,
    )
    expect((await objects.only()).spec).toMatchObject({
      mode: 'DryRun',
      version: 'Exact',
      safety: { snapshot: 'Auto' },
    })
    expect((await objects.only()).spec.confirm).toBeUndefined()
  })

  test('that cannot be made says why, and ends with 1', async () => {
    const failed = {
      observedGeneration: 1,
      phase: 'Failed',
      conditions: ready('False', 'VersionMismatch', 'It is of 1.20.0.'),
    }
    const { onOutput, done } = objects.answer('has not looked at it yet', failed)
    const { code, out } = await meili([...over, '--dry-run'], { onOutput })
    await done()
    expect(code).toBe(1)
    expect(out).toMatch(
      /✗ movies-\d{8}-\d{6} failed: VersionMismatch: It is of 1\.20\.0\.\nall about it: kubectl meili -n .* restore describe movies-/,
    )
  })

  test('is applied as it stands: the very object', async () => {
    await objects.create(meiliRestores, 'plan', {
      spec: { ...inPlace, mode: 'DryRun', confirm: undefined },
      status: plannedStatus,
    })
    const { code, out } = await meili([...over, '--confirm', 'movies'])
    expect(code).toBe(0)
    expect(out).toMatch(
      /^meilirestore\.meili-operator\.dev\/plan applied, as it was planned\nto follow it: kubectl meili -n .* wait restore\/plan\n$/,
    )
    expect((await objects.only()).spec).toMatchObject({ mode: 'Apply', confirm: 'movies' })
  })

  test('for something else is not applied', async () => {
    await objects.create(meiliRestores, 'plan', {
      spec: { ...inPlace, mode: 'DryRun', version: 'AllowUpgrade' },
      status: plannedStatus,
    })
    expect((await meili([...over, '--confirm', 'movies', '-o', 'name'])).out).toMatch(
      /^meilirestore\.meili-operator\.dev\/movies-\d{8}-\d{6}\n$/,
    )
    expect((await objects.restores()).map(({ spec }) => spec.mode).toSorted()).toEqual(['Apply', 'DryRun'])
  })
})

describe('a restore', () => {
  test('is made with what was asked for, followed, and says how to go back', async () => {
    const { onOutput, done } = objects.answer('has not looked at it yet', completed())
    const flags = ['--confirm', 'movies', '--allow-upgrade', '--safety', 'never', '--name', 'back', '--wait']
    const { code, out } = await meili([...over, ...flags], { onOutput })
    await done()
    expect(code).toBe(0)
    expect(out).toContain('meilirestore.meili-operator.dev/back created\n')
    expect(out).toContain('✓ back completed in 41s: 50,000 documents are back.\n')
    expect(out).toContain('The data from before is kept: claim movies-data, 1.0 GiB.\n')
    expect(out).toContain(`undo:      kubectl meili -n ${here.namespace} restore rollback movies\n`)
    expect((await objects.only()).spec).toMatchObject({
      ...inPlace,
      mode: 'Apply',
      version: 'AllowUpgrade',
      safety: { snapshot: 'Never' },
    })
  })

  test('that went back by itself ends with 1', async () => {
    await objects.create(meiliRestores, 'back', { spec: inPlace, status: { ...rolledBack, observedGeneration: 1 } })
    const { code, out } = await meili(['wait', 'restore/back'])
    expect(code).toBe(1)
    expect(out).toMatch(/^✗ back went back by itself: movies has the data on claim movies-data again\.\n/)
  })

  test('that takes longer than one waits goes on', async () => {
    await objects.create(meiliRestores, 'back', {
      spec: inPlace,
      status: {
        ...plannedStatus,
        phase: 'Filling',
        conditions: ready('False', 'Filling', 'x'),
      },
    })
    expect(await meili(['wait', 'restore/back', '--timeout', '1s'])).toMatchObject({
      code: 2,
      err: expect.stringMatching(
        /^back has not ended in 1s: Filling {2}x · movies still serves\. .* wait restore\/back\n$/,
      ) as unknown,
    })
  })

  test('on a claim says which, in a directory of its own', async () => {
    const { code } = await meili([
      'restore',
      'nightly',
      '--claim',
      'data-0',
      '--directory',
      'db',
      '--confirm',
      'data-0',
    ])
    expect(code).toBe(0)
    expect((await objects.only()).spec).toMatchObject({
      target: { claim: { name: 'data-0', directory: 'db' } },
      confirm: 'data-0',
    })
  })

  test.each([
    ['no target', ['restore', 'nightly'], 64, /Where to\? Write one of --in-place INSTANCE, --to NEW, --claim CLAIM\./],
    ['two targets', [...over, '--to', 'copy'], 64, /Where to\?/],
    ['no snapshot', ['restore', '--in-place', 'movies'], 64, /Which snapshot\?/],
    [
      'no confirmation',
      over,
      64,
      /This writes over the data of instance movies\. Look at the plan first: .* --dry-run\./,
    ],
    [
      'another confirmation',
      [...over, '--confirm', 'shows'],
      64,
      /must be the name of the instance once more, movies; it is shows/,
    ],
    ['both', [...over, '--confirm', 'movies', '--dry-run'], 64, /cannot be used with option '--dry-run'/],
    ['what belongs to another target', [...over, '--directory', 'x', '--dry-run'], 64, /cannot be used with/],
    [
      'another word for safety',
      [...over, '--safety', 'maybe', '--dry-run'],
      64,
      /Allowed choices are auto, always, never/,
    ],
    [
      'a snapshot that is not there',
      ['restore', 'x', '--in-place', 'movies', '--dry-run'],
      3,
      /There is no MeiliSnapshot x .*There is: nightly/,
    ],
    [
      'an instance that is not there',
      ['restore', 'nightly', '--in-place', 'shows', '--confirm', 'shows'],
      3,
      /There is no MeiliInstance shows/,
    ],
    [
      'a bad word for a snapshot',
      ['restore', 'pod/x', '--in-place', 'movies', '--dry-run'],
      64,
      /schedule\/NAME for the newest one/,
    ],
  ])('with %s is refused, and nothing is made', async (...[, words, code, says]) => {
    const ended = await meili(words)
    expect(ended).toMatchObject({ code, out: '' })
    expect(ended.err).toMatch(says)
    expect(await objects.restores()).toEqual([])
  })

  test('of a name that is taken says so', async () => {
    await objects.create(meiliRestores, 'back', { spec: inPlace })
    expect((await meili([...over, '--confirm', 'movies', '--name', 'back'])).err).toMatch(
      /There is a MeiliRestore back already/,
    )
  })
})

describe('rollback', () => {
  test('of an instance undoes its newest restore, and follows it', async () => {
    await objects.create(meiliRestores, 'back', { spec: inPlace, status: completed() })
    const { onOutput, done } = objects.answer('Completed', rolledBack)
    const { code, out } = await meili(['restore', 'rollback', 'movies', '--wait'], { onOutput })
    await done()
    expect(code).toBe(0)
    expect(out).toContain(
      'meilirestore.meili-operator.dev/back goes back\nmovies gets back the data on claim movies-data, 1.0 GiB. What was written since stays on claim movies-data-2.\n',
    )
    expect(out).toMatch(/✓ back went back: movies has the data on claim movies-data again\.\n$/)
    expect((await objects.only()).spec.rollback).toBe(true)
    expect((await meili(['restore', 'rollback', 'back'])).err).toMatch(/cannot be undone: it is RolledBack already/)
  })

  test('with --dry-run changes nothing', async () => {
    await objects.create(meiliRestores, 'back', { spec: inPlace, status: completed() })
    expect((await meili(['restore', 'rollback', 'back', '--dry-run'])).out).toContain('back goes back (dry run)')
    expect((await objects.only()).spec.rollback).toBe(false)
  })

  test.each([
    ['a plan', { ...inPlace, mode: 'DryRun' }, plannedStatus, /it is a plan, and nothing was changed/],
    ['a drill', { source: inPlace.source, target: { scratch: {} } }, completed(), /only a restore in place/],
    [
      'one without its old data',
      inPlace,
      { ...completed(), oldData: undefined, safety: { snapshot: 'before' } },
      /not there any more; a snapshot of it: before/,
    ],
  ])('of %s is refused with the reason', async (...[, spec, status, says]) => {
    await objects.create(meiliRestores, 'back', { spec, status })
    expect(await meili(['restore', 'rollback', 'back'])).toMatchObject({
      code: 3,
      out: '',
      err: expect.stringMatching(says) as unknown,
    })
  })

  test('of an instance without one says so, and of a name that nothing has, what there is', async () => {
    await objects.create(meiliRestores, 'back', { spec: inPlace, status: { ...rolledBack, oldData: undefined } })
    expect((await meili(['restore', 'rollback', 'movies'])).err).toMatch(
      /No restore of instance movies in namespace .* can be undone/,
    )
    expect((await meili(['restore', 'rollback', 'nothing'])).err).toMatch(
      /There is no MeiliRestore nothing .*There is: back/,
    )
  })
})

test('cleanup gives up the old data of an instance, and says when it goes', async () => {
  await objects.create(meiliRestores, 'back', { spec: inPlace, status: completed() })
  expect((await meili(['restore', 'cleanup', 'movies', '--dry-run'])).out).toContain('is cleaned up (dry run)')
  expect((await objects.only()).metadata.annotations).toBeUndefined()
  expect((await meili(['restore', 'cleanup', 'movies'])).out).toBe(
    'meilirestore.meili-operator.dev/back is cleaned up\nDeleted for good once a snapshot of the restored data has completed: claim movies-data, 1.0 GiB.\n',
  )
  expect((await objects.only()).metadata.annotations).toEqual({ [cleanUpAnnotation]: 'old-data' })
  await objects.settle({ ...completed(), oldData: undefined })
  expect(await meili(['restore', 'cleanup', 'back'])).toMatchObject({
    code: 3,
    err: expect.stringMatching(/has no old data/) as unknown,
  })
})

test('list, describe, status and doctor show it', async () => {
  await objects.create(meiliRestores, 'back', { spec: inPlace, status: completed() })
  expect((await meili(['restore', 'list', 'movies'])).out).toMatch(
    /^NAME +SOURCE +TARGET +PHASE +DOWNTIME +OLD DATA +AGE\nback +nightly +instance movies +Completed +9s +claim movies-data, 1\.0 GiB +\d+s$/m,
  )
  expect((await meili(['restore', 'list', 'shows'])).out).toMatch(/^There is no MeiliRestore of shows in namespace /)
  const described = (await meili(['restore', 'describe', 'back'])).out
  expect(described).toMatch(/^Undo: +kubectl meili -n \S+ restore rollback movies$/m)
  expect(described).toMatch(/^ {2}Ready +True +Completed +50,000 documents are back\.$/m)
  expect(
    (JSON.parse((await meili(['restore', 'describe', 'back', '-o', 'json'])).out) as Restore).status,
  ).toMatchObject(completed())
  expect((await meili(['status', 'movies'])).out).toContain(
    'the data from before restore back is kept: claim movies-data, 1.0 GiB',
  )
  expect((await meili(['doctor'])).out).toMatch(
    /^! restore \S+\/back: the data from before is kept for .*\n +→ .* restore cleanup back/m,
  )
})

test('completion offers restores, claims and the targets', async () => {
  await objects.create(meiliRestores, 'back', { spec: inPlace, status: completed() })
  const offered = async (...words: string[]): Promise<string> =>
    (await plugin.run(['__complete', '-n', here.namespace, ...words])).out
  expect(await offered('restore', 'rollback', '')).toContain('back\tCompleted, instance movies\n')
  expect(await offered('restore', '')).toMatch(/^rollback\t[^]*^nightly\tCompleted/m)
  expect(await offered('restore', 'nightly', '--in-place', '')).toContain('movies')
  expect(await offered('restore', 'nightly', '--s')).toContain('--safety')
})

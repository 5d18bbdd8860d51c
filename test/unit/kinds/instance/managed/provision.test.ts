// The ladder of a server that we run as a whole: each rung is tested under its name, and what is said of all of it.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  aManagedInstance,
  managedVerdict,
  everything,
  noPod,
  serverPod,
} from '../../../../support/builders/managed-observations.ts'

test('each rung of the ladder is described here', () => {
  const ladder =
    /const rungs: readonly Rung\[\] = \[([^\]]+)\]/.exec(
      readFileSync(new URL('../../../../../src/kinds/instance/managed/provision.ts', import.meta.url), 'utf8'),
    )?.[1] ?? ''
  const rungs = ladder
    .replaceAll(/\/\/.*/g, '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  const sources = new Set(
    readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.ts'))
      .flatMap((name) => [...readFileSync(join(import.meta.dirname, name), 'utf8').matchAll(/^describe\('(\w+)'/gm)])
      .map(([, title]) => title),
  )
  expect(rungs.length).toBeGreaterThan(10)
  expect(rungs.filter((name) => !sources.has(name))).toEqual([])
})

test('all in place: Applied and Ready, nothing is done', () => {
  expect(managedVerdict()).toMatchObject({ reason: 'Applied', ready: 'True Ready', progress: undefined, effects: [] })
})

test('status shows the claims with capacity and use', () => {
  expect(managedVerdict().status).toMatchObject({
    connectionSecretName: 'movies-connection',
    storage: [
      {
        role: 'data',
        claimName: 'movies-data',
        requestedBytes: 20 * 2 ** 30,
        capacityBytes: 20 * 2 ** 30,
        capacity: '20.0 GiB',
        usedBytes: 5_242_880,
        usedPercent: 0,
      },
    ],
  })
})

test('a second pod with our label is named, with what to do; there is no podSelector to narrow', () => {
  const { status } = managedVerdict({ ...noPod, pods: [serverPod(), serverPod({ metadata: { name: 'stray' } })] })
  expect(status.conditions?.find(({ type }) => type === 'PodFound')).toMatchObject({
    reason: 'PodAmbiguous',
    message:
      '2 pods match podSelector: movies-0, stray. Only pod movies-0 may have the labels {"matchLabels":{"meili-operator.dev/instance":"movies"}}: its Service selects by them. Remove them from the other pods.',
  })
})

test('settings that are left out are named, and nothing else is held up by it', () => {
  const instance = aManagedInstance({
    managed: { env: [{ name: 'MEILI_DB_PATH', value: '/x' }], extraArgs: ['--http-addr', '0.0.0.0:1'] },
  })
  const { status, reason } = managedVerdict({ instance, managed: everything(instance) })
  expect(reason).toBe('Applied')
  expect(status.conditions?.find(({ type }) => type === 'SettingsIgnored')).toMatchObject({
    status: 'True',
    message: 'Left out, as the operator sets them itself: MEILI_DB_PATH, --http-addr.',
  })
})

// Servers that the plugin makes of snapshots, kept or thrown away, on a real API server. There is no operator: the tests write the status that it would.
import { beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { meiliInstances } from '../../../src/api/instance.ts'
import type { MeiliInstance } from '../../../src/api/instance.ts'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import type { KubeObject } from '../../../src/kube/resource.ts'
import { apiServer, namespaceOfEachTest, pluginOn } from '../../support/kubernetes/api-server.ts'
import type { Ended, RunOptions } from '../../support/kubernetes/plugin.ts'
import { completed, inPlace, ready, RestoreObjects } from './restore-objects.ts'

const api = apiServer()
const plugin = pluginOn(api)
const here = namespaceOfEachTest(api)
const objects = new RestoreObjects(api, here)
beforeEach(async () => await objects.createMovies())

const meili = async (words: readonly string[], options: RunOptions = {}): Promise<Ended> =>
  await plugin.run([...words, '-n', here.namespace], options)

describe('a new server', () => {
  test('is made like the one that the snapshot is of, and starts from it', async () => {
    const { code, out, err } = await meili(['restore', 'nightly', '--to', 'copy'])
    expect({ code, out }).toEqual({ code: 0, out: 'meiliinstance.meili-operator.dev/copy created\n' })
    expect(err).toMatch(/^copy gets a master key of its own/)
    const { spec } = await api.kube.get<MeiliInstance & KubeObject>(meiliInstances, {
      namespace: here.namespace,
      name: 'copy',
    })
    expect(spec.managed).toMatchObject({
      version: '1.21.0',
      storage: { size: '20Gi' },
      bootstrap: { from: inPlace.source, ifAbsent: 'Fail', version: 'Exact' },
    })
    expect(await objects.restores()).toEqual([])
  })

  test('is printed for Git, and not made', async () => {
    const { out } = await meili(['restore', 'nightly', '--to', 'copy', '--size', '5Gi', '--dry-run', '-o', 'yaml'])
    expect(parse(out)).toMatchObject({
      kind: 'MeiliInstance',
      metadata: { name: 'copy' },
      spec: { managed: { storage: { size: '5Gi' }, bootstrap: { from: inPlace.source } } },
    })
    expect(await api.kube.find(meiliInstances, { namespace: here.namespace, name: 'copy' })).toBeUndefined()
  })

  test('of a snapshot that has failed is refused', async () => {
    const spec = { source: { instanceRef: { name: 'movies' } }, destination: { claim: { name: 'backups' } } }
    await objects.create(meiliSnapshots, 'bad', {
      spec,
      status: { phase: 'Failed', conditions: ready('False', 'TaskFailed', 'no') },
    })
    expect((await meili(['restore', 'bad', '--to', 'copy'])).err).toMatch(
      /MeiliSnapshot bad has failed, there is nothing to restore: TaskFailed: no/,
    )
  })
})

test('a drill asks what is to be found, and ends as it went', async () => {
  const { onOutput, done } = objects.answer('has not looked at it yet', { ...completed(), oldData: undefined })
  const flags = ['--query', 'movies=alien', '--query', 'shows=', '--size', '5Gi', '--wait']
  const { code, out } = await meili(['drill', 'nightly', ...flags], { onOutput })
  await done()
  expect(code).toBe(0)
  expect(out).toMatch(/^meilirestore\.meili-operator\.dev\/drill-nightly-\d{8}-\d{6} created\n/)
  expect((await objects.only()).spec.target).toEqual({
    scratch: {
      egress: 'Allowed',
      size: '5Gi',
      queries: [
        { index: 'movies', q: 'alien', minHits: 1 },
        { index: 'shows', q: '', minHits: 1 },
      ],
    },
  })
  expect((await meili(['drill', 'nightly', '--query', 'alien'])).err).toMatch(/Write INDEX=WORDS/)
})

// `helm install --wait` and `kubectl wait` on good and failing objects: what they wait for, and how soon they say that it failed.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { Helm } from '../../support/delivery/helm.ts'
import { managedOf } from '../../support/meilisearch/managed-objects.ts'
import { claimOf, snapshotOf } from '../../support/meilisearch/objects.ts'
import { kubectl, ownWorld } from '../support/world.ts'

const world = ownWorld()
let helm: Helm
const directory = mkdtempSync(join(tmpdir(), 'meili-operator-chart-'))

beforeAll(async () => {
  helm = await Helm.of(process.env['E2E_KUBECONFIG'])
})
afterAll(() => {
  helm[Symbol.dispose]()
  rmSync(directory, { recursive: true, force: true })
})

/** A chart of somebody's own, with these objects. */
function chartOf(name: string, ...objects: readonly object[]): string {
  const path = join(directory, name)
  mkdirSync(join(path, 'templates'), { recursive: true })
  writeFileSync(join(path, 'Chart.yaml'), stringify({ apiVersion: 'v2', name, version: '1.0.0' }))
  writeFileSync(join(path, 'templates/objects.yaml'), objects.map((object) => stringify(object)).join('---\n'))
  return path
}

const at = (name: string): { namespace: string; name: string } => ({ namespace: world.namespace, name })
const hook = (object: object): object => ({
  ...object,
  metadata: { ...(object as { metadata: object }).metadata, annotations: { 'helm.sh/hook': 'post-install' } },
})
const install = async (name: string, chart: string, timeout: string): Promise<string> =>
  await helm.plain('install', name, chart, '--namespace', world.namespace, '--wait', '--timeout', timeout)

async function failure(work: Promise<string>): Promise<{ message: string; seconds: number }> {
  const begun = performance.now()
  const message = await work.then((out) => `it did not fail: ${out}`, String)
  return { message, seconds: (performance.now() - begun) / 1000 }
}

const hopeless = (name: string): object =>
  snapshotOf({ ...at(name), instance: 'nobody' }, { deadlines: { start: '2s' } })

describe('helm install --wait', () => {
  test('ends well when the server is ready and its snapshot is stored, and not before', async () => {
    const chart = chartOf(
      'good',
      managedOf(at('movies')),
      claimOf(at('backups')),
      snapshotOf({ ...at('first'), instance: 'movies' }),
    )
    expect(await install('good', chart, '3m')).toContain('STATUS: deployed')
    expect((await world.get('first')).status?.phase).toBe('Completed')
  })

  test('fails as soon as the snapshot has failed, with its sentence, long before the time-out', async () => {
    const { message, seconds } = await failure(install('bad', chartOf('bad', hopeless('hopeless')), '10m'))
    expect(message).toMatch(
      /MeiliSnapshot\/.*hopeless not ready\. status: Failed, message: Not everything was in place within deadlines\.start \(2s\)/,
    )
    expect(seconds).toBeLessThan(60)
  })

  test('waits for its time-out where another object is still in progress', async () => {
    const nobodys = {
      apiVersion: 'meili-operator.dev/v1alpha1',
      kind: 'MeiliInstance',
      metadata: at('absent'),
      spec: { existing: { podSelector: { matchLabels: { app: 'absent' } } } },
    }
    const { message, seconds } = await failure(
      install('both', chartOf('both', hopeless('hopeless-too'), nobodys), '15s'),
    )
    expect(message).toMatch(/absent not ready\. status: InProgress, message: No pod in namespace/)
    expect(seconds).toBeGreaterThan(14)
  })

  test('does not wait for a snapshot that is a Helm hook, whatever becomes of it', async () => {
    const late = snapshotOf({ ...at('as-hook'), instance: 'nobody' })
    expect(await install('hook', chartOf('hook', hook(late)), '1m')).toContain('STATUS: deployed')
    expect((await world.get('as-hook')).status?.phase ?? 'Pending').toBe('Pending')
  })
})

describe('kubectl wait', () => {
  const wait = async (name: string, condition: string, timeout: string): Promise<string> =>
    await kubectl.run([
      '-n',
      world.namespace,
      'wait',
      `msnap/${name}`,
      `--for=condition=${condition}`,
      `--timeout=${timeout}`,
    ])

  test('knows Complete and Failed apart; it has no end of its own where the other one comes', async () => {
    await kubectl.apply(hopeless('waited-for'))
    expect(await wait('waited-for', 'Failed', '60s')).toContain('condition met')
    await expect(wait('waited-for', 'Complete', '1s')).rejects.toThrow('timed out waiting for the condition')
  })
})

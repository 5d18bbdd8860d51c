// Servers that mean harm, in a namespace of their own, against the operator as install.yaml runs it: nobody else notices.
import { readFileSync } from 'node:fs'
import type { V1Pod } from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { claimOf, snapshotOf } from '../../support/meilisearch/objects.ts'
import { conditionOf, kubectl, operatorNamespace, readyOf, World } from '../support/world.ts'

/** What each does, and what is said of it. */
const kinds: readonly (readonly [string, RegExp])[] = [
  ['endless', /^GET \/stats answered more than 4 MiB\. Is it Meilisearch/],
  ['large', /^GET \/stats answered more than 4 MiB\. Is it Meilisearch/],
  ['drip', /^GET http:\S+\/stats got no whole reply within 10 s\. Is the server up/],
  ['deep', /^GET \/stats answered values nested more than 64 deep\. Is it Meilisearch/],
  ['redirect', /^GET \/health answered 307: no message\. Is it Meilisearch/],
]

const script = readFileSync(new URL('../../support/meilisearch/hostile-server.ts', import.meta.url), 'utf8')

function hostilePod(namespace: string, kind: string): object {
  const container = {
    name: 'meilisearch',
    image: process.env['E2E_OPERATOR_IMAGE'],
    imagePullPolicy: 'IfNotPresent',
    command: ['/nodejs/bin/node', '/script/server.ts', kind, '7700'],
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    readinessProbe: { tcpSocket: { port: 7700 }, periodSeconds: 1 },
    env: [{ name: 'MEILI_SNAPSHOT_DIR', value: '/meili_data/snapshots' }],
    volumeMounts: [
      { name: 'script', mountPath: '/script' },
      { name: 'data', mountPath: '/meili_data' },
    ],
  }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name: kind, labels: { kind } },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [container],
      volumes: [
        { name: 'script', configMap: { name: 'script' } },
        { name: 'data', persistentVolumeClaim: { claimName: kind } },
      ],
    },
  }
}

const hostileInstance = (namespace: string, kind: string): object => ({
  apiVersion: 'meili-operator.dev/v1alpha1',
  kind: 'MeiliInstance',
  metadata: { namespace, name: kind },
  spec: { existing: { podSelector: { matchLabels: { kind } } } },
})

/** How often each container of the operator has ended by itself, and how the last time. Another test may replace the pod: that is no end of its own. */
async function endsOfOperator(): Promise<readonly unknown[]> {
  const { items } = await kubectl.json<{ items: V1Pod[] }>([
    '-n',
    operatorNamespace,
    'get',
    'pods',
    '-l',
    'app.kubernetes.io/component=operator',
  ])
  return items.flatMap(({ status }) =>
    (status?.containerStatuses ?? [])
      .filter(({ restartCount }) => restartCount > 0)
      .map(({ restartCount, lastState }) => ({ restartCount, lastState })),
  )
}

describe('no server ends the operator', () => {
  let victim: World
  let attacker: World

  beforeAll(async () => {
    victim = await World.create()
    attacker = await World.create()
    await (await victim.serve('movies')).load(500)
    await kubectl.apply(claimOf({ namespace: victim.namespace, name: 'backups' }))
  })
  afterAll(async () => {
    await attacker.destroy()
    await victim.destroy()
  })

  test('each says what is wrong with it, and the snapshot of another namespace completes meanwhile', async () => {
    const { namespace } = attacker
    const before = await endsOfOperator()
    await kubectl.apply(
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name: 'script' }, data: { 'server.ts': script } },
      ...kinds.flatMap(([kind]) => [claimOf({ namespace, name: kind }), hostilePod(namespace, kind)]),
    )
    await kubectl.run(['-n', namespace, 'wait', 'pod', '--all', '--for=condition=Ready', '--timeout=60s'])
    await kubectl.apply(
      ...kinds.flatMap(([kind]) => [
        hostileInstance(namespace, kind),
        snapshotOf({ namespace, name: kind, instance: kind }),
      ]),
    )
    for (const [kind, words] of kinds) {
      const instance = await attacker.untilInstance(
        kind,
        'to be unreachable',
        (seen) => conditionOf(seen, 'Reachable')?.status === 'False',
      )
      expect(conditionOf(instance, 'Reachable')).toMatchObject({
        reason: 'Unreachable',
        message: expect.stringMatching(words),
      })
      const snapshot = await attacker.until(
        kind,
        'to miss its target',
        (seen) =>
          readyOf(seen)?.reason === 'TargetNotReady' && /answered|whole reply/.test(readyOf(seen)?.message ?? ''),
      )
      expect(snapshot.status?.phase).toBe('Pending')
    }
    await victim.snapshot('untouched', { instance: 'movies' })
    await victim.waitForCompletion('untouched', 60)
    expect(await endsOfOperator()).toEqual(before)
  })
})

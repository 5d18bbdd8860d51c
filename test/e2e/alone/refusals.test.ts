// What keeps a mover from starting speaks in status in its own words; and when the obstacle is gone, it goes on by itself.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'
import { smallVolume } from '../../cluster/small-volume.ts'
import { eventually } from '../../support/kubernetes/eventually.ts'
import { claimOf } from '../../support/meilisearch/objects.ts'
import { elsewhere, testCluster, whyElsewhere } from '../support/on-test-cluster.ts'
import { kubectl, ownWorld, readyOf, toolbox } from '../support/world.ts'

const [here, there] = ['node-1', 'node-2']
const image = process.env['E2E_OPERATOR_IMAGE'] ?? ''
const mebibyte = 1024 * 1024

/** Refuses each pod of one snapshot's mover. */
const policy = (namespace: string): object[] => [
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: namespace },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      },
      validations: [
        {
          expression:
            "!object.metadata.?generateName.orValue('').startsWith('policed-') || object.metadata.?labels[?'app.kubernetes.io/component'].orValue('') != 'mover'",
          message: 'the house allows no movers',
        },
      ],
    },
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: namespace },
    spec: { policyName: namespace, validationActions: ['Deny'] },
  },
]

const restricted = {
  securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
}
const container = {
  name: 'main',
  image: toolbox.image,
  command: ['/bin/sh', '-c', 'exit 0'],
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
}

describe.skipIf(elsewhere)(`a mover that may not, or cannot, start${whyElsewhere}`, { concurrent: true }, () => {
  const world = ownWorld()

  beforeAll(async () => {
    await kubectl.run(['label', 'namespace', world.namespace, 'pod-security.kubernetes.io/enforce=restricted'])
    await Promise.all(
      ['policed', 'homeless', 'apart'].map(async (name) => await (await world.serve(name, { node: here })).load(200)),
    )
    await Promise.all(
      ['unpulled', 'given-up'].map(async (name) => await (await world.serve(name, { node: there })).load(200)),
    )
  })
  afterAll(async () => {
    await kubectl.run([
      'delete',
      'validatingadmissionpolicy,validatingadmissionpolicybinding',
      world.namespace,
      '--ignore-not-found',
    ])
  })

  const waits = async (name: string, words: RegExp): Promise<MeiliSnapshot> =>
    await world.until(
      name,
      `to wait with ${words}`,
      (snapshot) => readyOf(snapshot)?.reason === 'MoverWaiting' && words.test(readyOf(snapshot)?.message ?? ''),
    )

  test('an admission policy: its words, by way of the Job; where Pod Security enforces "restricted" a mover is welcome', async () => {
    await kubectl.apply(claimOf({ namespace: world.namespace, name: 'policed-backups' }), ...policy(world.namespace))
    const mover = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        namespace: world.namespace,
        generateName: 'policed-',
        labels: { 'app.kubernetes.io/component': 'mover' },
      },
      spec: { ...restricted, containers: [container] },
    }
    await eventually(
      'the policy to be in force',
      async () =>
        await kubectl.run(['create', '--dry-run=server', '-f', '-'], { input: JSON.stringify(mover) }).then(
          () => undefined,
          (error: unknown) => (String(error).includes('the house allows no movers') ? true : undefined),
        ),
    )
    await world.snapshot('policed', { instance: 'policed', claim: { name: 'policed-backups' } })
    await waits(
      'policed',
      /^The mover cannot start yet: the Job makes no pod: FailedCreate: .*the house allows no movers/,
    )
    await kubectl.run(['delete', 'validatingadmissionpolicybinding', world.namespace])
    const { status } = await world.waitForCompletion('policed')
    expect(status?.move).toMatchObject({ attempt: 1 })
  })

  test('a claim without a volume: its own Events, beside what the scheduler says', async () => {
    await kubectl.apply(claimOf({ namespace: world.namespace, name: 'homeless-backups', storageClassName: 'small' }))
    await world.snapshot('homeless', { instance: 'homeless', claim: { name: 'homeless-backups' } })
    await waits(
      'homeless',
      /no node can take it: .*claim homeless-backups has no volume: ProvisioningFailed: storageclass\.storage\.k8s\.io "small" not found/,
    )
    const volume = await smallVolume(testCluster(), {
      name: `homeless-${world.namespace}`,
      node: here,
      sizeBytes: 1024 * mebibyte,
    })
    const { metadata } = await world.waitForCompletion('homeless')
    await kubectl.run([
      '-n',
      world.namespace,
      'delete',
      'jobs,pods',
      '-l',
      `meili-operator.dev/snapshot-uid=${metadata.uid}`,
      '--timeout=60s',
    ])
    await volume.remove()
  })

  test("a destination on another node than the server's: the scheduler's words, and Failed with them after the deadline", async () => {
    const user = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: world.namespace, name: 'first-consumer' },
      spec: {
        ...restricted,
        nodeSelector: { 'kubernetes.io/hostname': there },
        restartPolicy: 'Never',
        containers: [{ ...container, volumeMounts: [{ name: 'claim', mountPath: '/claim' }] }],
        volumes: [{ name: 'claim', persistentVolumeClaim: { claimName: 'apart-backups' } }],
      },
    }
    await kubectl.apply(claimOf({ namespace: world.namespace, name: 'apart-backups' }), user)
    await kubectl.run([
      '-n',
      world.namespace,
      'wait',
      'pvc/apart-backups',
      '--for=jsonpath={.status.phase}=Bound',
      '--timeout=60s',
    ])
    await world.snapshot(
      'apart',
      { instance: 'apart', claim: { name: 'apart-backups' } },
      { deadlines: { move: '15s' } },
    )
    await waits(
      'apart',
      /no node can take it: .*node\(s\) (had volume node affinity conflict|didn't match PersistentVolume's node affinity)/,
    )
    const { status } = await world.until('apart', 'to fail', (snapshot) => snapshot.status?.phase === 'Failed')
    expect(status?.conditions?.[0]).toMatchObject({ reason: 'MoveDeadlineExceeded' })
    expect(status?.conditions?.[0]?.message).toMatch(
      /^The file was not stored within deadlines\.move \(15s\)\. Last: no node can take it: .*affinity.* No mover reported a stored file, and Meilisearch still has its own\.$/,
    )
  })

  test('an image that cannot be pulled: the words of the kubelet, Failed with them after the deadline; or it goes on when the image is there', async () => {
    const [cluster, aside] = [testCluster(), 'localhost/set-aside:test']
    const ctr = async (...args: string[]): Promise<string> =>
      await cluster.run('ctr', [
        '--address',
        `/run/${there}/containerd.sock`,
        '--namespace',
        'k8s.io',
        'images',
        ...args,
      ])
    await kubectl.apply(
      ...['unpulled', 'given-up'].map((name) => claimOf({ namespace: world.namespace, name: `${name}-backups` })),
    )
    await ctr('tag', '--force', image, aside)
    await ctr('rm', '--sync', image)
    try {
      await world.snapshot('unpulled', { instance: 'unpulled', claim: { name: 'unpulled-backups' } })
      await world.snapshot(
        'given-up',
        { instance: 'given-up', claim: { name: 'given-up-backups' } },
        { deadlines: { move: '20s' } },
      )
      await waits(
        'unpulled',
        /^The mover cannot start yet: (ErrImagePull|ImagePullBackOff): .*localhost\/meili-operator/,
      )
      const { metadata, status } = await world.until(
        'given-up',
        'to fail',
        (snapshot) => snapshot.status?.phase === 'Failed',
      )
      expect(status?.conditions?.[0]).toMatchObject({ reason: 'MoveDeadlineExceeded' })
      expect(status?.conditions?.[0]?.message).toMatch(
        /deadlines\.move \(20s\)\. Last: (ErrImagePull|ImagePullBackOff): /,
      )
      const left = await kubectl.json<{ items: unknown[] }>([
        '-n',
        world.namespace,
        'get',
        'jobs,pods',
        '-l',
        `meili-operator.dev/snapshot-uid=${metadata.uid}`,
      ])
      expect(left.items).toEqual([])
    } finally {
      await ctr('tag', '--force', aside, image)
    }
    const { status } = await world.waitForCompletion('unpulled')
    expect(status?.move).toMatchObject({ attempt: 1 })
  })
})

// The mover's pod: what it mounts and how, as whom it runs, and where.
import { describe, expect, test } from 'vitest'
import type { MeiliSnapshot } from '../../../../../src/api/snapshot.ts'
import { moverPlacement, moverSecurity, moverVolumes, sourceOf } from '../../../../../src/kinds/snapshot/job/pod.ts'
import type { Moved } from '../../../../../src/kinds/snapshot/job/pod.ts'
import { anInstance, aSnapshot, aTarget, aVolume } from '../../../../support/builders/observations.ts'

const from = (parts: Partial<Moved> = {}): Moved => ({
  snapshot: aSnapshot(),
  instance: anInstance(),
  target: aTarget(),
  ...parts,
})
const onItsOwnClaim = { instance: anInstance({ status: aVolume({ claimName: 'backups' }) }) }
const securityContext = (context: object): Partial<Moved> => ({
  target: aTarget({ spec: { securityContext: context } }),
})
const withMover = (mover: object): MeiliSnapshot => aSnapshot({ spec: { mover } })

describe('volumes', () => {
  test('two claims: the source is read-only as a volume and as a mount, of the snapshot directory alone', () => {
    expect(moverVolumes(from())).toEqual({
      volumes: [
        { name: 'source', persistentVolumeClaim: { claimName: 'search-data', readOnly: true } },
        { name: 'destination', persistentVolumeClaim: { claimName: 'backups' } },
      ],
      volumeMounts: [
        { name: 'source', mountPath: '/source', readOnly: true, subPath: 'snapshots' },
        { name: 'destination', mountPath: '/destination' },
      ],
    })
  })

  test("the snapshots' own claim, which holds no database: mounted once, writable, so that the file can be linked", () => {
    const apart = (subPath: string): Partial<Moved> => ({
      instance: anInstance({ status: aVolume({ claimName: 'backups', subPath }) }),
    })
    expect(moverVolumes(from(apart('snapshots')))).toEqual({
      volumes: [{ name: 'destination', persistentVolumeClaim: { claimName: 'backups' } }],
      volumeMounts: [{ name: 'destination', mountPath: '/destination' }],
    })
    expect(sourceOf(from(apart('snapshots')))).toEqual({ directory: '/destination/snapshots', mayLink: true })
    expect(sourceOf(from(apart('')))).toEqual({ directory: '/destination', mayLink: true })
  })

  test('two claims: the source has a mount of its own, and is copied', () => {
    expect(sourceOf(from())).toEqual({ directory: '/source', mayLink: false })
  })

  test.each([[''], [undefined]])('a snapshot directory at the root of its volume (%j) needs no subPath', (subPath) => {
    expect(moverVolumes(from({ instance: anInstance({ status: aVolume({ subPath }) }) })).volumeMounts[0]).toEqual({
      name: 'source',
      mountPath: '/source',
      readOnly: true,
    })
  })
})

describe('security', () => {
  test('is Pod Security "restricted"', () => {
    expect(moverSecurity(from())).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
  })

  test('takes user and groups over from the target: it reads what the target wrote', () => {
    const parts = securityContext({
      runAsUser: 1000,
      runAsGroup: 2000,
      fsGroup: 3000,
      supplementalGroups: [4000],
      seLinuxOptions: { level: 's0:c1,c2' },
    })
    expect(moverSecurity(from(parts))).toMatchObject({
      runAsUser: 1000,
      runAsGroup: 2000,
      fsGroup: 3000,
      fsGroupChangePolicy: 'OnRootMismatch',
      supplementalGroups: [4000],
      seLinuxOptions: { level: 's0:c1,c2' },
    })
  })

  test("takes the container's user where it has one of its own", () => {
    const target = aTarget({
      spec: {
        securityContext: { runAsUser: 1, runAsGroup: 1 },
        containers: [
          { name: 'sidecar', securityContext: { runAsUser: 7 } },
          { name: 'meilisearch', securityContext: { runAsUser: 1000, runAsGroup: 1001 } },
        ],
      },
    })
    expect(moverSecurity(from({ target }))).toMatchObject({ runAsUser: 1000, runAsGroup: 1001 })
  })

  test('a target that names no group: the group of its user, also for the destination', () => {
    expect(moverSecurity(from(securityContext({ runAsUser: 1000 })))).toMatchObject({
      runAsUser: 1000,
      runAsGroup: 1000,
      fsGroup: 1000,
    })
  })

  test("on the snapshots' own claim no fsGroup is set that the target does not have: it would change the group of what the server writes to", () => {
    const parts = { ...onItsOwnClaim, ...securityContext({ runAsUser: 1000 }) }
    expect(moverSecurity(from(parts))).not.toHaveProperty('fsGroup')
    expect(
      moverSecurity(from({ ...onItsOwnClaim, ...securityContext({ runAsUser: 1000, fsGroup: 1000 }) })).fsGroup,
    ).toBe(1000)
  })

  test.each([
    ['runs as root', { runAsUser: 0, runAsGroup: 0, fsGroup: 0 }],
    ['does not say as whom it runs', {}],
  ])('a target that %s: the mover has a user of its own, never root', (_, context) => {
    expect(moverSecurity(from(securityContext(context)))).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 65_532,
      runAsGroup: 65_532,
      fsGroup: 65_532,
    })
  })

  test('a target that has become root since: its own volume keeps its group', () => {
    expect(moverSecurity(from({ ...onItsOwnClaim, ...securityContext({}) }))).not.toHaveProperty('fsGroup')
  })

  test('says nothing of groups and labels that the target does not have', () => {
    const pod = moverSecurity(from())
    expect(pod).not.toHaveProperty('supplementalGroups')
    expect(pod).not.toHaveProperty('seLinuxOptions')
  })
})

describe('placement', () => {
  const here = { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node-a'] }] }

  test('a volume of one node: the mover must run there, by affinity, so that a claim may wait for its first consumer', () => {
    const placement = moverPlacement(from())
    expect(placement.affinity).toEqual({
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [here] } },
    })
    expect(placement).not.toHaveProperty('nodeName')
  })

  test.each([[['ReadWriteMany']], [['ReadWriteOnce', 'ReadWriteMany']]])(
    'a volume of many nodes (%j): the mover had better run there',
    (accessModes) => {
      const instance = anInstance({ status: aVolume({ accessModes }) })
      expect(moverPlacement(from({ instance })).affinity).toEqual({
        nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference: here }] },
      })
    },
  )

  test('goes wherever the target may, also onto a cordoned node, and where it is sent', () => {
    const taint = { key: 'search', operator: 'Exists', effect: 'NoSchedule' }
    const own = { key: 'backup', operator: 'Equal', value: 'yes', effect: 'NoExecute', tolerationSeconds: 60 }
    const placement = moverPlacement(
      from({
        target: aTarget({ spec: { tolerations: [taint] } }),
        snapshot: withMover({ tolerations: [own], nodeSelector: { disk: 'fast' } }),
      }),
    )
    expect(placement.tolerations).toEqual([
      taint,
      { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
      own,
    ])
    expect(placement.nodeSelector).toEqual({ disk: 'fast' })
  })

  test('selects no nodes by itself', () => {
    expect(moverPlacement(from())).not.toHaveProperty('nodeSelector')
  })
})

// Whose files the mover reads: the user of the container that runs Meilisearch, else of its pod.
import { describe, expect, test } from 'vitest'
import { targetUser } from '../../../../../src/kinds/snapshot/job/target-user.ts'
import type { TargetUser } from '../../../../../src/kinds/snapshot/job/target-user.ts'
import { anInstance, aTarget, aVolume } from '../../../../support/builders/observations.ts'

const userOf = (spec: object): TargetUser => targetUser(aTarget({ spec }), anInstance())

describe('targetUser', () => {
  test('is what the pod says', () => {
    expect(
      userOf({ securityContext: { runAsUser: 1000, runAsGroup: 2000, fsGroup: 3000, supplementalGroups: [4000] } }),
    ).toEqual({ uid: 1000, isRoot: false, gid: 2000, fsGroup: 3000, supplementalGroups: [4000] })
  })

  test('is what the container says where both do', () => {
    expect(
      userOf({
        securityContext: { runAsUser: 1000, runAsGroup: 2000 },
        containers: [{ name: 'meilisearch', securityContext: { runAsUser: 7 } }],
      }),
    ).toMatchObject({ uid: 7, gid: 2000 })
  })

  test('is not what a sidecar says', () => {
    expect(
      userOf({
        securityContext: {},
        containers: [{ name: 'sidecar', securityContext: { runAsUser: 7 } }, { name: 'meilisearch' }],
      }).uid,
    ).toBeUndefined()
  })

  test.each([
    ['the pod says root', true, { securityContext: { runAsUser: 0 } }],
    [
      'the container says root',
      true,
      {
        securityContext: { runAsUser: 1000 },
        containers: [{ name: 'meilisearch', securityContext: { runAsUser: 0 } }],
      },
    ],
    ['nobody says anything', false, { securityContext: {} }],
    ['the image has a user that only it knows', false, { securityContext: { runAsNonRoot: true } }],
    ['there is no security context', false, { securityContext: undefined }],
  ])('is none where %s; root is what somebody calls so (%j)', (_, isRoot, spec) => {
    expect(userOf(spec)).toMatchObject({ uid: undefined, isRoot })
  })

  const userOfTarget = (linux: object, securityContext: object = {}): TargetUser =>
    targetUser(
      aTarget({
        spec: { securityContext },
        status: {
          containerStatuses: [
            { name: 'sidecar', user: { linux: { uid: 7, gid: 7 } } },
            { name: 'meilisearch', user: { linux } },
          ],
        },
      }),
      anInstance(),
    )

  test('is what the kubelet says where only the image knows', () => {
    expect(
      userOfTarget(
        { uid: 1000, gid: 2000, supplementalGroups: [2000, 3000, 4000] },
        { runAsNonRoot: true, fsGroup: 3000 },
      ),
    ).toEqual({ uid: 1000, isRoot: false, gid: 2000, fsGroup: 3000, supplementalGroups: [4000] })
    expect(userOfTarget({ uid: 0, gid: 0 })).toMatchObject({ uid: undefined, isRoot: true })
  })

  test('has the groups that the pod says, and never that of root from an image that names a user alone', () => {
    expect(
      userOfTarget({ uid: 1000, gid: 1, supplementalGroups: [1] }, { runAsGroup: 2000, supplementalGroups: [4000] }),
    ).toMatchObject({ gid: 2000, supplementalGroups: [4000] })
    expect(userOfTarget({ uid: 1000, gid: 0, supplementalGroups: [0] })).toMatchObject({
      uid: 1000,
      gid: undefined,
      supplementalGroups: [],
    })
  })

  test('a container that is not known leaves the word to the pod', () => {
    const instance = anInstance({ status: aVolume({ container: 'other' }) })
    expect(
      targetUser(
        aTarget({ spec: { containers: [{ name: 'meilisearch', securityContext: { runAsUser: 7 } }] } }),
        instance,
      ).uid,
    ).toBe(1000)
  })
})

// Whose files the mover reads: the user of the container that runs Meilisearch, else of its pod.
import { describe, expect, test } from 'vitest'
import { targetUser } from '../../../src/snapshot/target.ts'
import type { TargetUser } from '../../../src/snapshot/target.ts'
import { anInstance, aTarget, aVolume } from '../../support/observations.ts'

const userOf = (spec: object): TargetUser => targetUser(aTarget({ spec }), anInstance())

describe('targetUser', () => {
  test('is what the pod says', () => {
    expect(userOf({ securityContext: { runAsUser: 1000, runAsGroup: 2000, fsGroup: 3000, supplementalGroups: [4000] } })).toEqual({ uid: 1000, gid: 2000, fsGroup: 3000, supplementalGroups: [4000] })
  })

  test('is what the container says where both do', () => {
    expect(userOf({ securityContext: { runAsUser: 1000, runAsGroup: 2000 }, containers: [{ name: 'meilisearch', securityContext: { runAsUser: 7 } }] })).toMatchObject({ uid: 7, gid: 2000 })
  })

  test('is not what a sidecar says', () => {
    expect(userOf({ securityContext: {}, containers: [{ name: 'sidecar', securityContext: { runAsUser: 7 } }, { name: 'meilisearch' }] }).uid).toBeUndefined()
  })

  test.each([
    ['the pod says root', { securityContext: { runAsUser: 0 } }],
    ['the container says root', { securityContext: { runAsUser: 1000 }, containers: [{ name: 'meilisearch', securityContext: { runAsUser: 0 } }] }],
    ['nobody says anything: root is the default of the image', { securityContext: {} }],
    ['there is no security context', { securityContext: undefined }],
  ])('is none where %s', (_, spec) => {
    expect(userOf(spec).uid).toBeUndefined()
  })

  test('a container that is not known leaves the word to the pod', () => {
    const instance = anInstance({ status: aVolume({ container: 'other' }) })
    expect(targetUser(aTarget({ spec: { containers: [{ name: 'meilisearch', securityContext: { runAsUser: 7 } }] } }), instance).uid).toBe(1000)
  })
})

// The image of a server, as the Job that starts one on a copy names it.
import { expect, test } from 'vitest'
import type { V1Pod } from '@kubernetes/client-node'
import { imageOf, pullSecretsOf } from '../../../../src/reconcile/job/boot/image.ts'

const container = 'meilisearch'
const image = 'getmeili/meilisearch:v1.21.0'

const aPod = (imageID: string): V1Pod => ({
  spec: { containers: [{ name: container, image }], imagePullSecrets: [{ name: 'registry' }, {}] },
  status: { containerStatuses: [{ name: container, image, imageID, ready: true, restartCount: 0 }] },
})

test('is named by its digest where a registry has it under that name', () => {
  const digest = 'getmeili/meilisearch@sha256:abc'
  expect(imageOf(aPod(`docker.io/${digest}`), container)).toBe(`docker.io/${digest}`)
  expect(imageOf(aPod(`docker-pullable://${digest}`), container)).toBe(digest)
})

test('is named as in the pod where it was loaded by hand', () => {
  expect(imageOf(aPod('sha256:abc'), container)).toBe(image)
  expect(imageOf(aPod('docker.io/library/import-2026@sha256:abc'), container)).toBe(image)
})

test('is not known without a pod, or where its container is not', () => {
  expect(imageOf(undefined, container)).toBeUndefined()
  expect(imageOf(aPod('sha256:abc'), undefined)).toBeUndefined()
})

test('is pulled with the Secrets of its pod', () => {
  expect(pullSecretsOf(aPod('sha256:abc'))).toEqual(['registry'])
  expect(pullSecretsOf(undefined)).toEqual([])
})

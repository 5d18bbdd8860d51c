// PodFound, Reachable, Authorized: what is said of a pod, its answer and its key; and what Ready makes of the three.
import { describe, expect, test } from 'vitest'
import type { ServerSeen } from '../../../../../src/kinds/instance/observation.ts'
import { aPod, aTarget } from '../../../../support/builders/observations.ts'
import {
  instanceVerdict,
  healthy,
  instanceWith,
  messageOf,
  nothingThere,
} from '../../../../support/builders/instance-observations.ts'
import type { InstanceVerdict } from '../../../../support/builders/instance-observations.ts'

const keyed = instanceWith(undefined, { existing: { apiKeySecretRef: { name: 'keys', key: 'MEILI_MASTER_KEY' } } })
const verdictOf = (server: ServerSeen): InstanceVerdict => instanceVerdict({ server, instance: keyed })

test('all is well: every condition is True, nothing abnormal is there', () => {
  const verdict = instanceVerdict()
  expect(verdict.conditions).toEqual([
    'Ready=True',
    'PodFound=True',
    'Reachable=True',
    'Authorized=True',
    'SnapshotVolumeReady=True',
  ])
  expect(verdict).toMatchObject({
    ready: 'True',
    reason: 'Ready',
    message: 'Meilisearch 1.21.0 answers at http://10.1.2.3:7700.',
  })
})

describe('podFound', () => {
  test('no pod: named by its selector and namespace; nothing else was checked', () => {
    const verdict = instanceVerdict(nothingThere)
    expect(verdict).toMatchObject({
      ready: 'False',
      reason: 'PodNotFound',
      message: 'No pod in namespace shop matches podSelector {"matchLabels":{"app":"search"}}.',
    })
    expect(verdict.troubles).toEqual([
      'PodFound: PodNotFound',
      'Reachable: NotChecked',
      'Authorized: NotChecked',
      'SnapshotVolumeReady: NotChecked',
    ])
  })

  test('two pods: both named, in order', () => {
    const verdict = instanceVerdict({ ...nothingThere, pods: [aTarget({ metadata: { name: 'search-1' } }), aTarget()] })
    expect(verdict).toMatchObject({
      ready: 'False',
      reason: 'PodAmbiguous',
      message: expect.stringMatching(/^2 pods match podSelector: search-0, search-1\. A snapshot is a file of one pod/),
    })
    expect(verdict.troubles).toEqual([
      'PodFound: PodAmbiguous',
      'Reachable: NotChecked',
      'Authorized: NotChecked',
      'SnapshotVolumeReady: NotChecked',
    ])
  })

  test('many pods: five of them named', () => {
    const pods = Array.from({ length: 40 }, (_, index) => aTarget({ metadata: { name: `search-${index + 10}` } }))
    expect(instanceVerdict({ ...nothingThere, pods }).message).toMatch(
      /^40 pods match podSelector: search-10, search-11, search-12, search-13, search-14\. /,
    )
  })

  test('one pod: named', () => {
    expect(messageOf(instanceVerdict(), 'PodFound')).toBe('Pod search-0 is the one.')
  })
})

describe('reachable', () => {
  test('a pod without an address is not ready yet', () => {
    const verdict = instanceVerdict({
      endpoint: undefined,
      server: { state: 'NotAsked' },
      pods: [aTarget({ status: { phase: 'Pending', podIP: undefined } })],
    })
    expect(verdict).toMatchObject({
      ready: 'False',
      reason: 'PodNotReady',
      message: 'Pod search-0 has no address yet (phase Pending).',
    })
    expect(verdict.troubles).toEqual(['Reachable: PodNotReady', 'Authorized: NotChecked'])
  })

  test('a server that does not answer: the error, and what to look at', () => {
    const verdict = verdictOf({
      state: 'Unreachable',
      message: 'GET http://10.1.2.3:7700/health got no reply: ETIMEDOUT',
    })
    expect(verdict).toMatchObject({
      ready: 'False',
      reason: 'Unreachable',
      message: expect.stringMatching(/ETIMEDOUT\. .*NetworkPolicy/),
    })
    expect(verdict.troubles).toEqual(['Reachable: Unreachable', 'Authorized: NotChecked'])
  })

  test('a certificate that is refused: what to set', () => {
    const verdict = verdictOf({
      state: 'CertificateRejected',
      message: 'GET https://10.1.2.3:7700/health got no reply: ERR_TLS_CERT_ALTNAME_INVALID',
    })
    expect(verdict).toMatchObject({
      ready: 'False',
      reason: 'CertificateRejected',
      message: expect.stringMatching(/ALTNAME.*tls\.caSecretRef.*tls\.serverName/),
    })
    expect(verdict.troubles).toEqual(['Reachable: CertificateRejected', 'Authorized: NotChecked'])
  })

  test.each(['1.12.0', '1.12.0-rc.1', '1.13.3', '1.100.0', '2.0.0', '10.0.0', 'prototype-2026'])(
    'version %s will do',
    (version) => {
      expect(verdictOf({ ...healthy, version } as ServerSeen)).toMatchObject({
        ready: 'True',
        message: `Meilisearch ${version} answers at http://10.1.2.3:7700.`,
      })
    },
  )

  test.each(['1.11.3', '1.9.0', '0.30.5', '0.99.0'])('version %s is too old, and says from when on', (version) => {
    const verdict = verdictOf({ ...healthy, version } as ServerSeen)
    expect(verdict).toMatchObject({
      ready: 'False',
      reason: 'VersionTooOld',
      message: expect.stringMatching(new RegExp(`^Meilisearch ${version} is older than 1\\.12.*Upgrade the server`)),
      status: { version },
    })
    expect(verdict.troubles).toEqual(['Reachable: VersionTooOld'])
  })

  test.each<ServerSeen>([
    { state: 'KeyRefused', message: 'no' },
    { state: 'KeyTooWeak', missing: ['version'] },
    { state: 'KeyScoped' },
  ])('a server that refuses the key ($state) answers all the same', (server) => {
    expect(messageOf(verdictOf(server), 'Reachable')).toBe('The server answers at http://10.1.2.3:7700.')
  })
})

const needed = 'Needed: snapshots.create, tasks.get, tasks.cancel, version, stats.get for indexes ["*"].'

describe('authorization', () => {
  test('a key that is accepted is named, its value is nowhere', () => {
    expect(messageOf(verdictOf(healthy), 'Authorized')).toBe('The key in Secret keys/MEILI_MASTER_KEY is accepted.')
  })

  test('no key, and none is asked for', () => {
    expect(messageOf(instanceVerdict(), 'Authorized')).toBe('The server asks for no key.')
  })

  test('a Secret that is not there is why it is not Ready', () => {
    const verdict = verdictOf({
      state: 'SecretMissing',
      message: 'Secret keys does not exist in namespace shop. It goes on by itself when it is there.',
    })
    expect(verdict).toMatchObject({
      ready: 'False',
      reason: 'KeyMissing',
      message: expect.stringContaining('Secret keys does not exist'),
    })
    expect(verdict.conditions).toEqual([
      'Reconciling=True',
      'Ready=False',
      'PodFound=True',
      'Reachable=Unknown',
      'Authorized=False',
      'SnapshotVolumeReady=True',
    ])
    expect(messageOf(verdict, 'Reconciling')).toContain('Secret keys does not exist')
  })

  test('a key that is refused: which one, in the words of the server, and what it needs', () => {
    const verdict = verdictOf({
      state: 'KeyRefused',
      message: 'GET /tasks?limit=1 answered 403 invalid_api_key: The provided API key is invalid.',
    })
    expect(verdict).toMatchObject({
      ready: 'False',
      reason: 'KeyRefused',
      message: `The key in Secret keys/MEILI_MASTER_KEY is refused: GET /tasks?limit=1 answered 403 invalid_api_key: The provided API key is invalid. ${needed}`,
    })
    expect(verdict.troubles).toEqual(['Authorized: KeyRefused'])
  })

  test('a key that cannot be sent is reported as such, and the server is not said to be away', () => {
    const verdict = verdictOf({
      state: 'KeyUnusable',
      message: 'The key in Secret keys/k cannot be sent: it holds a line break.',
    })
    expect(verdict).toMatchObject({
      ready: 'False',
      reason: 'KeyRefused',
      message: 'The key in Secret keys/k cannot be sent: it holds a line break.',
    })
    expect(messageOf(verdict, 'Reachable')).toBe('The server is asked when its key can be sent.')
  })

  test('no key where one is asked for', () => {
    expect(
      instanceVerdict({ server: { state: 'KeyRefused', message: 'missing_authorization_header' } }).message,
    ).toMatch(/^No key \(apiKeySecretRef is not set\) is refused: missing_authorization_header\. Needed/)
  })

  test('a key that lacks actions: each is named', () => {
    const verdict = verdictOf({ state: 'KeyTooWeak', missing: ['tasks.cancel', 'stats.get'] })
    expect(verdict).toMatchObject({
      ready: 'False',
      reason: 'KeyTooWeak',
      message: `The key in Secret keys/MEILI_MASTER_KEY lacks tasks.cancel, stats.get. ${needed}`,
    })
  })

  test('a key for some indexes', () => {
    expect(verdictOf({ state: 'KeyScoped' })).toMatchObject({
      ready: 'False',
      reason: 'KeyTooWeak',
      message: expect.stringMatching(/limited to some indexes.*Needed/),
    })
  })
})

describe('Ready is the first check that failed', () => {
  test('before one that was not made', () => {
    expect(verdictOf({ state: 'SecretMissing', message: 'Secret keys does not exist.' }).reason).not.toBe('NotChecked')
  })

  test('a pod of nobody knows no names', () => {
    expect(instanceVerdict({ pods: [aPod({})], endpoint: undefined, server: { state: 'NotAsked' } }).message).toBe(
      'Pod  has no address yet (phase unknown).',
    )
  })

  test('a snapshot directory on no claim does not touch it', () => {
    expect(instanceVerdict({ located: undefined }).ready).toBe('True')
  })
})

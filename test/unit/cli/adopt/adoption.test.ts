// From what a pod says to a MeiliInstance: labels, port, key, notes.
import type { V1Container, V1Pod, V1StatefulSet } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { adoptionOf, locate, looksLikeMeilisearch, meilisearchIn } from '../../../../src/cli/adopt/adoption.ts'
import type { Found } from '../../../../src/cli/adopt/adoption.ts'
import { keyOf } from '../../../../src/cli/adopt/key.ts'
import type { Key } from '../../../../src/cli/adopt/key.ts'

const image = 'getmeili/meilisearch:v1.21.0'
const engine = (changes: Partial<V1Container> = {}): V1Container => ({ name: 'engine', image, ...changes })
const pod = (name: string, labels: Record<string, string>, containers: readonly V1Container[] = [engine()]): V1Pod => ({
  metadata: { namespace: 'shop', name, labels },
  spec: { containers: [...containers] },
})

function adopt(given: {
  pod: V1Pod
  others?: readonly V1Pod[]
  statefulSet?: V1StatefulSet
  configMaps?: Found['configMaps']
}): { existing: Record<string, unknown>; notes: readonly string[]; name: string } {
  const container = meilisearchIn(given.pod)!
  const configMaps = given.configMaps ?? new Map()
  const found: Found = {
    pod: given.pod,
    pods: [given.pod, ...(given.others ?? [])],
    statefulSet: given.statefulSet,
    container,
    configMaps,
    secretKeys: new Map(),
    located: locate(given.pod, container, configMaps),
    claim: undefined,
  }
  const { instance, notes } = adoptionOf(found, undefined)
  const { metadata, spec } = instance as { metadata: { name: string }; spec: { existing: Record<string, unknown> } }
  return { existing: spec.existing, notes, name: metadata.name }
}

describe('the container', () => {
  test.each([
    ['by its image, beside a sidecar', [{ name: 'proxy', image: 'envoy' }, engine()], 'engine'],
    [
      'by its image at a registry, with a digest',
      [{ name: 'proxy', image: 'envoy' }, engine({ image: 'r.example/x/meilisearch@sha256:1' })],
      'engine',
    ],
    [
      'by its port',
      [
        { name: 'proxy', image: 'envoy' },
        { name: 'search', image: 'own', ports: [{ containerPort: 7700 }] },
      ],
      'search',
    ],
    ['the only one', [{ name: 'own', image: 'own' }], 'own'],
    [
      'none of two that say nothing',
      [
        { name: 'a', image: 'a' },
        { name: 'b', image: 'b' },
      ],
      undefined,
    ],
  ])('is found %s', (_, containers, name) => expect(meilisearchIn(pod('p', {}, containers))?.name).toBe(name))

  test('an image that only begins alike is another program', () => {
    expect(looksLikeMeilisearch(pod('p', {}, [engine({ image: 'getmeili/meilisearch-exporter:1' })]))).toBe(false)
    expect(looksLikeMeilisearch(pod('p', {}, [engine()]))).toBe(true)
  })
})

describe('the labels', () => {
  const statefulSet = {
    metadata: { name: 'search' },
    spec: { serviceName: 'search', selector: { matchLabels: { app: 'search' } }, template: {} },
  } as V1StatefulSet
  const labels = {
    app: 'search',
    'app.kubernetes.io/version': '1',
    'pod-template-hash': 'x',
    'statefulset.kubernetes.io/pod-name': 'search-0',
  }
  test("are the StatefulSet's own where they select one pod", () =>
    expect(adopt({ pod: pod('search-0', labels), statefulSet })).toMatchObject({
      name: 'search',
      existing: { podSelector: { matchLabels: { app: 'search' } } },
    }))
  test("are the pod's name in its set where others share them", () =>
    expect(
      adopt({ pod: pod('search-0', labels), statefulSet, others: [pod('canary', { app: 'search' })] }).existing,
    ).toMatchObject({ podSelector: { matchLabels: { 'statefulset.kubernetes.io/pod-name': 'search-0' } } }))
  test('hold none that a roll-out changes', () =>
    expect(
      adopt({ pod: pod('search-x-1', { app: 'search', 'pod-template-hash': 'x', 'helm.sh/chart': 'c-1' }) }).existing,
    ).toMatchObject({ podSelector: { matchLabels: { app: 'search' } } }))
  test('of a server that the operator runs are not looked for: its MeiliInstance is there', () => {
    const owned = Object.assign({}, statefulSet, {
      metadata: {
        name: 'search',
        ownerReferences: [
          {
            apiVersion: 'meili-operator.dev/v1alpha1',
            kind: 'MeiliInstance',
            name: 'movies',
            uid: 'u',
            controller: true,
          },
        ],
      },
    })
    expect(() => adopt({ pod: pod('search-0', labels), statefulSet: owned })).toThrow(
      'Pod search-0 is of MeiliInstance movies, which the operator runs: there is nothing to adopt.',
    )
  })
  test('that select no pod alone are refused', () =>
    expect(() => adopt({ pod: pod('a', { app: 'x' }), others: [pod('b', { app: 'x' })] })).toThrow(
      'Pod a has no labels that select it alone',
    ))
})

describe('the port', () => {
  const portOf = (changes: Partial<V1Container>): unknown =>
    adopt({ pod: pod('p', { app: 'x' }, [engine(changes)]) }).existing['port']
  test.each<[string, Partial<V1Container>, number | undefined]>([
    ['that is the default is not written', {}, undefined],
    ['of a flag', { args: ['--http-addr', '0.0.0.0:7800'] }, 7800],
    ['of a variable, IPv6', { env: [{ name: 'MEILI_HTTP_ADDR', value: '[::]:7801' }] }, 7801],
    ['of an address without one', { env: [{ name: 'MEILI_HTTP_ADDR', value: '0.0.0.0' }] }, undefined],
    [
      'that a file may set: the first of the container',
      { args: ['--config-file-path', '/c.toml'], ports: [{ containerPort: 7802 }] },
      7802,
    ],
  ])('%s', (_, changes, port) => expect(portOf(changes)).toBe(port))

  test('with TLS the scheme is HTTPS, and the authority is asked for', () => {
    const { existing, notes } = adopt({
      pod: pod('p', { app: 'x' }, [engine({ env: [{ name: 'MEILI_SSL_CERT_PATH', value: '/tls.crt' }] })]),
    })
    expect(existing['scheme']).toBe('HTTPS')
    expect(notes.join()).toContain('set tls.caSecretRef')
  })
})

describe('the key', () => {
  const secret = { name: 'keys', key: 'MEILI_MASTER_KEY' }
  const key = (
    changes: Partial<V1Container>,
    keys: ReadonlyMap<string, readonly string[] | undefined> = new Map(),
  ): Key => keyOf(engine(changes), new Map(), { keys, name: 'movies', namespace: 'shop' })
  test.each<[string, Partial<V1Container>, ReadonlyMap<string, readonly string[] | undefined>, object | undefined]>([
    [
      'of a variable',
      { env: [{ name: 'MEILI_MASTER_KEY', valueFrom: { secretKeyRef: { name: 'own', key: 'k' } } }] },
      new Map(),
      { name: 'own', key: 'k' },
    ],
    [
      'of a variable that a flag names',
      { args: ['--master-key=$(K)'], env: [{ name: 'K', valueFrom: { secretKeyRef: { name: 'own', key: 'k' } } }] },
      new Map(),
      { name: 'own', key: 'k' },
    ],
    [
      'of a Secret that is a source',
      { envFrom: [{ secretRef: { name: 'keys' } }] },
      new Map([['keys', ['MEILI_MASTER_KEY']]]),
      secret,
    ],
    [
      'of a source with a prefix',
      { envFrom: [{ prefix: 'MEILI_', secretRef: { name: 'keys' } }] },
      new Map([['keys', ['MASTER_KEY']]]),
      { name: 'keys', key: 'MASTER_KEY' },
    ],
    [
      'of the last of two sources',
      { envFrom: [{ secretRef: { name: 'a' } }, { secretRef: { name: 'b' } }] },
      new Map([
        ['a', ['MEILI_MASTER_KEY']],
        ['b', ['MEILI_MASTER_KEY']],
      ]),
      { name: 'b', key: 'MEILI_MASTER_KEY' },
    ],
    ['that nobody sets', { envFrom: [{ secretRef: { name: 'keys' } }] }, new Map([['keys', ['OTHER']]]), undefined],
  ])('%s', (...[, changes, keys, reference]) => expect(key(changes, keys).reference).toEqual(reference))

  test('of a source that may not be read is taken for granted, and said', () => {
    expect(key({ envFrom: [{ secretRef: { name: 'keys' } }] }, new Map([['keys', undefined]]))).toEqual({
      reference: secret,
      notes: [expect.stringContaining('is taken for granted: you may not read it')],
    })
  })

  test('in plain text is repeated nowhere: it belongs into a Secret', () => {
    const found = key({ env: [{ name: 'MEILI_MASTER_KEY', value: 'in-plain-sight' }] })
    expect(found).toEqual({
      reference: { name: 'movies-master-key', key: 'MEILI_MASTER_KEY' },
      notes: [
        expect.stringContaining(
          'kubectl create secret generic --from-file=MEILI_MASTER_KEY=/dev/stdin --dry-run=client -o json movies-master-key | kubectl -n shop patch secret/movies-master-key',
        ),
      ],
    })
    expect(JSON.stringify(found)).not.toContain('in-plain-sight')
  })
})

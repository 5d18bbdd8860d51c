// From an instance and its pod to where the server is.
import { expect, test } from 'vitest'
import { serverOf } from '../../../src/reconcile/server-reference.ts'
import { anInstance, aTarget } from '../../support/builders/observations.ts'

test('plain HTTP without a key', () => {
  expect(serverOf(anInstance(), aTarget())).toEqual({ namespace: 'shop', endpoint: 'http://10.1.2.3:7700' })
})

test('scheme, port, key and trust come from the instance', () => {
  const existing = {
    scheme: 'HTTPS',
    port: 8443,
    apiKeySecretRef: { name: 'keys', key: 'k' },
    tls: { caSecretRef: { name: 'ca', key: 'ca.crt' }, serverName: 'search.shop.svc' },
  }
  expect(serverOf(anInstance({ existing }), aTarget())).toEqual({
    namespace: 'shop',
    endpoint: 'https://10.1.2.3:8443',
    apiKey: { name: 'keys', key: 'k' },
    ca: { name: 'ca', key: 'ca.crt' },
    serverName: 'search.shop.svc',
  })
})

test('trust in part', () => {
  const withTls = (tls: object): object | undefined =>
    serverOf(anInstance({ existing: { scheme: 'HTTPS', tls } }), aTarget())
  expect(withTls({ serverName: 'x' })).toEqual({
    namespace: 'shop',
    endpoint: 'https://10.1.2.3:7700',
    serverName: 'x',
  })
  expect(withTls({ caSecretRef: { name: 'ca', key: 'ca.crt' } })).toEqual({
    namespace: 'shop',
    endpoint: 'https://10.1.2.3:7700',
    ca: { name: 'ca', key: 'ca.crt' },
  })
})

test('an IPv6 address stands in brackets', () => {
  expect(serverOf(anInstance(), aTarget({ status: { podIP: 'fd00::1:2' } }))?.endpoint).toBe('http://[fd00::1:2]:7700')
})

test.each([undefined, ''])('without an address (%s) there is no server', (podIP) => {
  expect(serverOf(anInstance(), aTarget({ status: { podIP } }))).toBeUndefined()
})

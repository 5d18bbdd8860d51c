// A Meilisearch that serves TLS itself: which certificates are trusted, and that one that is not is distinguished from silence.
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { MeilisearchClient } from '../../../src/meilisearch/client.ts'
import { certificateRejected } from '../../../src/meilisearch/transport.ts'
import type { Server } from '../../../src/meilisearch/transport.ts'
import { silent } from '../../cluster/build/cache.ts'
import { ensureCertificates } from '../../cluster/control-plane/certificates.ts'
import type { Certificates } from '../../cluster/control-plane/certificates.ts'
import { meilisearches } from '../../support/meilisearch/process.ts'
import type { MeilisearchProcess } from '../../support/meilisearch/process.ts'

const servers = meilisearches()
let certificates: Certificates
let server: MeilisearchProcess
let plain: MeilisearchProcess

beforeAll(async () => {
  certificates = await ensureCertificates(silent)
  const args = [
    '--ssl-cert-path',
    certificates.certificate('kube-apiserver'),
    '--ssl-key-path',
    certificates.key('kube-apiserver'),
  ]
  ;[server, plain] = await Promise.all([servers.start({ scheme: 'https', args }), servers.start()])
})

const version = async (trust: Partial<Server>): Promise<string> =>
  (await new MeilisearchClient({ endpoint: server.endpoint, ...trust }).version()).pkgVersion
const authority = (): string => readFileSync(certificates.authority, 'utf8')

describe('a certificate that is trusted', () => {
  test('by its authority, for the address', async () => {
    expect(await version({ ca: authority() })).toBe('1.21.0')
  })

  test.each(['localhost', 'kubernetes.default.svc'])('for the name %s that the user gives', async (serverName) => {
    expect(await version({ ca: authority(), serverName })).toBe('1.21.0')
  })

  test('among other authorities', async () => {
    expect(await version({ ca: `${readFileSync(certificates.certificate('admin'), 'utf8')}\n${authority()}` })).toBe(
      '1.21.0',
    )
  })
})

describe('one that is not is certificate_rejected', () => {
  const rejected = {
    name: 'TransientError',
    code: certificateRejected,
    message: expect.stringMatching(/^GET https:\/\/127\.0\.0\.1:\d+\/version got no reply: [A-Z_]+$/) as string,
  }

  test.each<[string, () => Partial<Server>]>([
    ['signed by nobody we know', () => ({})],
    ['with an authority that did not sign it', () => ({ ca: readFileSync(certificates.certificate('admin'), 'utf8') })],
    ['with an authority that is no certificate', () => ({ ca: 'nonsense' })],
    ['for another name', () => ({ ca: authority(), serverName: 'search.shop.svc' })],
  ])('%s', async (_, trust) => {
    await expect(version(trust())).rejects.toMatchObject(rejected)
  })

  test('and a connection that was trusted once is not used by who trusts it not', async () => {
    expect(await version({ ca: authority() })).toBe('1.21.0')
    await expect(version({ ca: authority(), serverName: 'search.shop.svc' })).rejects.toMatchObject(rejected)
  })
})

describe('the wrong scheme is no question of certificates', () => {
  test.each<[string, () => string]>([
    ['HTTPS to a server of HTTP', () => plain.endpoint.replace('http:', 'https:')],
    ['HTTP to a server of HTTPS', () => server.endpoint.replace('https:', 'http:')],
  ])('%s', async (_, endpoint) => {
    const error = await new MeilisearchClient({ endpoint: endpoint(), ca: authority() })
      .version()
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'TransientError', status: undefined })
    expect(error).not.toMatchObject({ code: certificateRejected })
  })
})

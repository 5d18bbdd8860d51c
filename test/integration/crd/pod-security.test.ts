// Pod Security "restricted" on a real API server, in a namespace that enforces it: every pod that we make passes, whatever a MeiliInstance or the
// pod of a server that somebody else runs says of its security.
import { mkdtempDisposableSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { V1PodTemplateSpec } from '@kubernetes/client-node'
import { beforeAll, describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { meiliInstances } from '../../../src/api/instance.ts'
import type { MeiliInstance } from '../../../src/api/instance.ts'
import { serverTemplate } from '../../../src/kinds/instance/children/server-pod.ts'
import { moverJob } from '../../../src/kinds/snapshot/job/commands/move.ts'
import { run } from '../../support/builders/managed-observations.ts'
import {
  anEngine,
  anInstance,
  anObservation,
  aSnapshot,
  aTarget,
  hour,
  movingStatus,
  succeededTask,
} from '../../support/builders/observations.ts'
import { pathOf, realServer, repository } from './real-server.ts'
import type { Answer, Loose } from './real-server.ts'

const namespace = 'guarded'
const server = realServer()
beforeAll(async () => {
  const labels = {
    'pod-security.kubernetes.io/enforce': 'restricted',
    'pod-security.kubernetes.io/enforce-version': 'latest',
  }
  await server.call('POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, labels },
  })
  for (const name of ['default', 'search'])
    await server.call('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name },
    })
}, 120_000)

async function asPod({ metadata, spec }: V1PodTemplateSpec): Promise<Answer> {
  return await server.call('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'pod', labels: metadata?.labels, annotations: metadata?.annotations },
    spec,
  })
}

const around = { level: 's0:c1,c2' }
const other = { type: 'spc_t', user: 'system_u', role: 'system_r', ...around }
const profiles = [{ type: 'RuntimeDefault' }, { type: 'Localhost', localhostProfile: 'profiles/x.json' }]
/** All that a security context of Kubernetes has and "restricted" forbids. */
const forbidden = {
  runAsNonRoot: false,
  allowPrivilegeEscalation: true,
  privileged: true,
  procMount: 'Unmasked',
  capabilities: { add: ['SYS_ADMIN'] },
  sysctls: [{ name: 'kernel.msgmax', value: '1' }],
  windowsOptions: { hostProcess: true },
  seLinuxOptions: other,
}
const instanceOf = (managed: object): Loose => ({
  apiVersion: 'meili-operator.dev/v1alpha1',
  kind: 'MeiliInstance',
  metadata: { name: 'movies', namespace: 'default' },
  spec: { managed: { version: '1.21.0', storage: { size: '5Gi' }, ...managed } },
})

describe('a managed server', () => {
  /** As a client sends it that asks for no validation of fields: what the schema does not have is dropped. */
  const postInstance = async (managed: object): Promise<Answer> =>
    await server.call('POST', `${pathOf(meiliInstances)}?dryRun=All&fieldValidation=Ignore`, instanceOf(managed))

  const settings: readonly (readonly [string, object])[] = [
    ['nothing said', {}],
    [
      'its own user, groups and account',
      {
        podSecurityContext: { runAsUser: 4000, runAsGroup: 4000, fsGroup: 4000, supplementalGroups: [1] },
        serviceAccountName: 'search',
      },
    ],
    ...profiles.map(
      (profile) =>
        [
          `profiles of type ${profile.type}`,
          {
            podSecurityContext: { seccompProfile: profile },
            securityContext: { seccompProfile: profile, appArmorProfile: profile },
          },
        ] as const,
    ),
    [
      'a level of SELinux',
      { podSecurityContext: { seLinuxOptions: around }, securityContext: { seLinuxOptions: around } },
    ],
    [
      'type, user and role of SELinux',
      { podSecurityContext: { seLinuxOptions: other }, securityContext: { seLinuxOptions: other } },
    ],
    [
      'all that is forbidden',
      { podSecurityContext: forbidden, securityContext: forbidden, hostNetwork: true, hostPID: true },
    ],
    ['volumes of every kind', { snapshots: { size: '5Gi' }, scratch: { memory: '1Gi' } }],
  ]
  test.each(settings)('with %s', async (_, managed) => {
    const { code, body } = await postInstance(managed)
    expect(code, JSON.stringify(body)).toBe(201)
    const instance = body as unknown as MeiliInstance
    const answer = await asPod(serverTemplate(instance, instance.spec.managed!, run))
    expect(answer.code, JSON.stringify(answer.body['message'])).toBe(201)
  })

  test.each([
    ['user 0', { podSecurityContext: { runAsUser: 0 } }, 'podSecurityContext.runAsUser'],
    ['group 0', { podSecurityContext: { runAsGroup: 0 } }, 'podSecurityContext.runAsGroup'],
    [
      'the supplemental group 0',
      { podSecurityContext: { supplementalGroups: [0] } },
      'podSecurityContext.supplementalGroups',
    ],
    [
      'no seccomp',
      { podSecurityContext: { seccompProfile: { type: 'Unconfined' } } },
      'podSecurityContext.seccompProfile.type',
    ],
    [
      'no seccomp for the container',
      { securityContext: { seccompProfile: { type: 'Unconfined' } } },
      'securityContext.seccompProfile.type',
    ],
    [
      'no AppArmor',
      { securityContext: { appArmorProfile: { type: 'Unconfined' } } },
      'securityContext.appArmorProfile.type',
    ],
    [
      'no AppArmor, by annotation',
      { podAnnotations: { 'container.apparmor.security.beta.kubernetes.io/meilisearch': 'unconfined' } },
      'podAnnotations',
    ],
  ])('is refused with %s', async (_, managed, field) => {
    const { code, body } = await postInstance(managed)
    expect(code).toBe(422)
    expect(body['message']).toContain(`spec.managed.${field}`)
  })

  test('kubectl apply refuses what the schema does not have, and names it', async () => {
    using directory = mkdtempDisposableSync(join(tmpdir(), 'pod-security-'))
    const file = join(directory.path, 'instance.json')
    writeFileSync(file, JSON.stringify(instanceOf({ podSecurityContext: { seLinuxOptions: other } })))
    const apply = async (...flags: string[]): Promise<string> =>
      await server.kubectl('apply', '--dry-run=server', '-f', file, ...flags)
    await expect(apply()).rejects.toThrow('unknown field "spec.managed.podSecurityContext.seLinuxOptions.type"')
    await expect(apply('--server-side')).rejects.toThrow(
      /seLinuxOptions\.(?:type|user|role): field not declared in schema/,
    )
  })
})

test('a mover that follows a pod with all that is forbidden', async () => {
  const spec = {
    securityContext: { runAsUser: 0, ...forbidden },
    hostNetwork: true,
    containers: [{ name: 'meilisearch', securityContext: forbidden }],
  }
  const job = moverJob({
    ...anObservation(),
    snapshot: aSnapshot({ status: movingStatus() }),
    instance: anInstance(),
    target: aTarget({ spec }),
    engine: anEngine({ candidates: [succeededTask()] }),
    deadlineMs: hour,
  })
  const answer = await asPod(job.spec!.template)
  expect(answer.code, JSON.stringify(answer.body['message'])).toBe(201)
  expect(answer.body['spec'].securityContext.seLinuxOptions).toEqual(around)
})

test.each(['restore/by-hand.yaml'])('the pod of examples/%s', async (name) => {
  const objects = parseAllDocuments(readFileSync(join(repository, 'examples', name), 'utf8')).map(
    (document) => document.toJS() as Loose,
  )
  const templates = objects.flatMap(({ spec }) =>
    spec?.template === undefined ? [] : [spec.template as V1PodTemplateSpec],
  )
  expect(templates).toHaveLength(1)
  for (const template of templates) expect(await asPod(template)).toMatchObject({ code: 201 })
})

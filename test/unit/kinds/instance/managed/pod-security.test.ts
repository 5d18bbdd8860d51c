// Pod Security "restricted", for every pod that we make of what others say: of a managed server's spec, and of the pod that a mover follows.
// What the schema leaves out is dropped here as the API server drops it; what it refuses is refused here.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { meiliInstances } from '../../../../../src/api/instance.ts'
import { serverTemplate } from '../../../../../src/kinds/instance/children/server-pod.ts'
import { moverJob } from '../../../../../src/kinds/snapshot/job/commands/move.ts'
import { aManagedInstance, run } from '../../../../support/builders/managed-observations.ts'
import {
  anEngine,
  anInstance,
  anObservation,
  aSnapshot,
  aTarget,
  hour,
  movingStatus,
  succeededTask,
} from '../../../../support/builders/observations.ts'
import { podSecurityViolations } from '../../../../support/kubernetes/pod-security.ts'

const id = fc.constantFrom(0, 1, 1000, 4000)
const profile = fc.constantFrom(
  { type: 'RuntimeDefault' },
  { type: 'Localhost', localhostProfile: 'x.json' },
  { type: 'Unconfined' },
)
const both = {
  seLinuxOptions: fc.record(
    {
      level: fc.constantFrom('s0', 's0:c1,c2'),
      type: fc.constantFrom('spc_t', 'container_t'),
      user: fc.constant('system_u'),
      role: fc.constant('system_r'),
    },
    { requiredKeys: [] },
  ),
  seccompProfile: profile,
  appArmorProfile: profile,
  runAsUser: id,
  runAsGroup: id,
  runAsNonRoot: fc.boolean(),
  windowsOptions: fc.constant({ hostProcess: true }),
}
/** All that Kubernetes has, and not only what we offer. */
const podContext = fc.record(
  {
    ...both,
    fsGroup: id,
    supplementalGroups: fc.array(id, { maxLength: 2 }),
    sysctls: fc.constant([{ name: 'kernel.msgmax', value: '1' }]),
  },
  { requiredKeys: [] },
)
const containerContext = fc.record(
  {
    ...both,
    privileged: fc.boolean(),
    allowPrivilegeEscalation: fc.boolean(),
    capabilities: fc.constant({ add: ['SYS_ADMIN'] }),
    procMount: fc.constant('Unmasked'),
    readOnlyRootFilesystem: fc.boolean(),
  },
  { requiredKeys: [] },
)
const location = fc.record(
  {
    hostNetwork: fc.boolean(),
    hostPID: fc.boolean(),
    volumes: fc.constant([{ name: 'host', hostPath: { path: '/' } }]),
  },
  { requiredKeys: [] },
)

test('a managed server, whatever its spec says', () => {
  let accepted = 0
  fc.assert(
    fc.property(podContext, containerContext, location, (podSecurityContext, securityContext, more) => {
      const managed = { version: '1.21.0', storage: { size: '20Gi' }, podSecurityContext, securityContext, ...more }
      if (!meiliInstances.spec.safeParse({ managed }).success) return
      accepted += 1
      const instance = aManagedInstance({ managed })
      expect(podSecurityViolations(serverTemplate(instance, instance.spec.managed!, run))).toEqual([])
    }),
    { numRuns: 1000 },
  )
  expect(accepted).toBeGreaterThan(50)
})

test('a mover, whatever the pod is that it follows', () => {
  fc.assert(
    fc.property(podContext, containerContext, location, (securityContext, ofContainer, more) => {
      const target = aTarget({
        spec: { securityContext, containers: [{ name: 'meilisearch', securityContext: ofContainer }], ...more },
      })
      const job = moverJob({
        ...anObservation(),
        snapshot: aSnapshot({ status: movingStatus() }),
        instance: anInstance(),
        target,
        engine: anEngine({ candidates: [succeededTask()] }),
        deadlineMs: hour,
      })
      expect(podSecurityViolations(job.spec!.template)).toEqual([])
    }),
  )
})

// A managed instance of which a higher version is asked, and what is decided for it.
import type { MeiliInstanceStatus } from '../../../../../../src/api/instance.ts'
import { aManagedInstance, managedVerdict, everything } from '../../../../../support/builders/managed-observations.ts'
import type { Seen, Verdict } from '../../../../../support/builders/managed-observations.ts'

export const elsewhere = { upgrade: { destination: { claim: { name: 'backups' } } } }
/** A managed instance of which a higher version is asked. */
export const instanceToUpgrade = (
  managed: object = elsewhere,
  status: MeiliInstanceStatus = { observedGeneration: 1 },
): ReturnType<typeof aManagedInstance> =>
  aManagedInstance({ managed: { version: '1.50.0', ...managed }, metadata: { generation: 2 }, status })
/** All is in place as it was before that was asked. */
export const upgradeVerdict = (managed: object = elsewhere, { managed: more, ...seen }: Seen = {}): Verdict =>
  managedVerdict({
    instance: instanceToUpgrade(managed),
    ...seen,
    managed: { ...everything(aManagedInstance({ managed: { ...managed, version: '1.21.0' } })), ...more },
  })
export const waysOut =
  'or set upgrade.strategy: Direct, which upgrades without a snapshot, or set version back to 1.21.0. It goes on as soon as one of these is done.'
export const held = { reason: 'UpgradeHeld', progress: 'Stalled', ready: 'True Ready', does: [] }

// Writes the Events of an instance: one when a condition turns, and one for each step of an upgrade. Pure.
import { instanceConditions, instanceReasons } from '../../api/instance.ts'
import type { MeiliInstanceStatus } from '../../api/instance.ts'
import { conditionTypes } from '../../api/meta.ts'
import { conditionNamed } from '../../api/status/conditions.ts'
import type { EventText } from '../../reconcile/decision.ts'

const reportedTypes = [
  conditionTypes.Ready,
  instanceConditions.Applied,
  instanceConditions.SnapshotVolumeReady,
  instanceConditions.SettingsIgnored,
  instanceConditions.ForeignService,
] as const

/** Reasons of ordinary steps. */
const ordinary: readonly string[] = [
  instanceReasons.Applying,
  instanceReasons.Adopting,
  instanceReasons.RestartPending,
  instanceReasons.Restarting,
  instanceReasons.KeysPending,
  instanceReasons.ClaimExpanding,
  instanceReasons.Upgrading,
  instanceReasons.Bootstrapping,
  instanceReasons.Restoring,
  instanceReasons.Deleting,
  instanceReasons.Retained,
]

/** An Event when a condition turns or its reason changes; two conditions for one reason make one Event. */
export function instanceEvents(
  before: MeiliInstanceStatus | undefined,
  after: MeiliInstanceStatus,
): readonly EventText[] {
  const events = reportedTypes.map((type) => conditionEvent(type, before, after)).filter((event) => event !== undefined)
  const reasonBefore = conditionNamed(before?.conditions, instanceConditions.Applied)?.reason
  return [
    ...events.filter(
      ({ reason }, index) =>
        events.findIndex((other) => other.reason === reason) === index &&
        !(reason === reasonBefore && ordinary.includes(reason)),
    ),
    ...upgradeEvents(before, after),
    ...earlierSnapshotEvents(before, after),
  ]
}

/** Absent unless true. */
const abnormal: readonly string[] = [instanceConditions.SettingsIgnored, instanceConditions.ForeignService]
/** Of the other conditions True is no news: nothing stands in the way any more. */
const reportedWhenTrue: readonly string[] = [conditionTypes.Ready, ...abnormal]

function conditionEvent(
  type: string,
  before: MeiliInstanceStatus | undefined,
  after: MeiliInstanceStatus,
): EventText | undefined {
  const was = conditionNamed(before?.conditions, type)
  const is = conditionNamed(after.conditions, type)
  if (
    is === undefined ||
    (was?.status === is.status && was.reason === is.reason) ||
    is.reason === instanceReasons.NotChecked
  )
    return undefined
  if (is.status === 'True' && !reportedWhenTrue.includes(type)) return undefined
  const isGood = !abnormal.includes(type) && (is.status === 'True' || ordinary.includes(is.reason))
  return { type: isGood ? 'Normal' : 'Warning', reason: is.reason, message: is.message }
}

/** Each step of an upgrade, once. */
function upgradeEvents(
  before: MeiliInstanceStatus | undefined,
  { upgrade }: MeiliInstanceStatus,
): readonly EventText[] {
  if (upgrade === undefined || (before?.upgrade?.step === upgrade.step && before.upgrade.to === upgrade.to)) return []
  const { from, to, step } = upgrade
  return [
    {
      type: 'Normal',
      reason: 'UpgradeStep',
      message: step === 'Done' ? `Upgraded from ${from} to ${to}.` : `Upgrade from ${from} to ${to}: step ${step}`,
    },
  ]
}

/** Snapshots before earlier upgrades, once each: they are on record before they go. */
function earlierSnapshotEvents(
  before: MeiliInstanceStatus | undefined,
  { upgrade }: MeiliInstanceStatus,
): readonly EventText[] {
  const already = before?.upgrade?.startedAt === upgrade?.startedAt ? (before?.upgrade?.earlierSnapshots ?? []) : []
  const going = (upgrade?.earlierSnapshots ?? []).filter((name) => !already.includes(name))
  if (going.length === 0) return []
  return [
    {
      type: 'Normal',
      reason: 'UpgradeSnapshotDeleted',
      message: `Deleting MeiliSnapshot ${going.join(', ')} and its stored files: ${upgrade?.snapshot ?? ''} is newer and stays.`,
    },
  ]
}

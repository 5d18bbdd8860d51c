// What `kubectl describe` tells of an instance: one Event when readiness turns, and one for each step of what we make. Pure.
import { instanceConditions, instanceReasons } from '../../api/instance.ts'
import type { MeiliInstanceStatus } from '../../api/instance.ts'
import { conditionTypes } from '../../api/meta.ts'
import { conditionNamed } from '../../api/conditions.ts'
import type { Story } from '../../reconcile/decision.ts'

const told = [
  conditionTypes.Ready,
  instanceConditions.Applied,
  instanceConditions.SnapshotVolumeReady,
  instanceConditions.SettingsIgnored,
  instanceConditions.ForeignService,
] as const

/** Reasons that tell a step of the ordinary way. */
const ordinary: readonly string[] = [
  instanceReasons.Applying,
  instanceReasons.Adopting,
  instanceReasons.RestartPending,
  instanceReasons.Restarting,
  instanceReasons.KeysPending,
  instanceReasons.ClaimExpanding,
  instanceReasons.Upgrading,
  instanceReasons.Deleting,
  instanceReasons.Retained,
]

/** An Event when a condition turns or its reason changes; two conditions for one reason are told once. */
export function instanceStory(before: MeiliInstanceStatus | undefined, after: MeiliInstanceStatus): readonly Story[] {
  const stories = told.map((type) => turned(type, before, after)).filter((story) => story !== undefined)
  const isTold = conditionNamed(before?.conditions, instanceConditions.Applied)?.reason
  return [
    ...stories.filter(
      ({ reason }, index) =>
        stories.findIndex((other) => other.reason === reason) === index &&
        !(reason === isTold && ordinary.includes(reason)),
    ),
    ...upgradeStory(before, after),
    ...supersededStory(before, after),
  ]
}

/** Absent unless true. */
const abnormal: readonly string[] = [instanceConditions.SettingsIgnored, instanceConditions.ForeignService]
/** True says nothing new of what only stands in the way. */
const toldWhenTrue: readonly string[] = [conditionTypes.Ready, ...abnormal]

function turned(type: string, before: MeiliInstanceStatus | undefined, after: MeiliInstanceStatus): Story | undefined {
  const was = conditionNamed(before?.conditions, type)
  const is = conditionNamed(after.conditions, type)
  if (
    is === undefined ||
    (was?.status === is.status && was.reason === is.reason) ||
    is.reason === instanceReasons.NotChecked
  )
    return undefined
  if (is.status === 'True' && !toldWhenTrue.includes(type)) return undefined
  const isGood = !abnormal.includes(type) && (is.status === 'True' || ordinary.includes(is.reason))
  return { type: isGood ? 'Normal' : 'Warning', reason: is.reason, message: is.message }
}

/** Each step of an upgrade, once. */
function upgradeStory(before: MeiliInstanceStatus | undefined, { upgrade }: MeiliInstanceStatus): readonly Story[] {
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
function supersededStory(before: MeiliInstanceStatus | undefined, { upgrade }: MeiliInstanceStatus): readonly Story[] {
  const already = before?.upgrade?.startedAt === upgrade?.startedAt ? (before?.upgrade?.superseded ?? []) : []
  const going = (upgrade?.superseded ?? []).filter((name) => !already.includes(name))
  if (going.length === 0) return []
  return [
    {
      type: 'Normal',
      reason: 'UpgradeSnapshotSuperseded',
      message: `MeiliSnapshot ${going.join(', ')} goes, with what it has stored: ${upgrade?.snapshot ?? ''} is newer, and stays.`,
    },
  ]
}

// Names of what a schedule makes. The name of a run is the lock of its slot: whoever fires it, and however often, it runs once. Pure.
import { createHash } from 'node:crypto'
import type { MeiliSnapshotSchedule } from '../../api/schedule.ts'

/** Of an object's name; a label's value is shorter. */
const longestName = 253
const longestLabel = 63

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8)

/** The text where it fits, else as much of it as does, and eight characters of its hash. */
function fit(text: string, longest: number): string {
  if (text.length <= longest) return text
  return `${text.slice(0, longest - 9).replace(/[-.]+$/, '')}-${hashOf(text)}`
}

/** What the label `meili-operator.dev/schedule` says of a schedule. */
export const scheduleLabelValue = (scheduleName: string): string => fit(scheduleName, longestLabel)

type Named = { readonly metadata: Pick<MeiliSnapshotSchedule['metadata'], 'name'> }

/** `<schedule>-<yyyymmddhhmm in UTC>` */
export const runName = ({ metadata }: Named, slotMs: number): string => stampName(metadata.name, stampOf(slotMs))

/** Of a slot that has a run already, made while the clock stood before it: `<schedule>-<yyyymmddhhmm in UTC>-2` */
export const secondRunName = ({ metadata }: Named, slotMs: number): string =>
  stampName(metadata.name, `${stampOf(slotMs)}-2`)

const stampOf = (slotMs: number): string => new Date(slotMs).toISOString().replaceAll(/[-:T]/g, '').slice(0, 12)

const stampName = (name: string, stamp: string): string => `${fit(name, longestName - stamp.length - 1)}-${stamp}`

/** The name of the run for one value of the annotation run-now: the same for the same value. */
export function runNowName({ metadata }: Named, value: string): string {
  return `${fit(metadata.name, longestName - 13)}-now-${hashOf(value)}`
}

/** `<schedule>-<yyyymmdd-hhmmss in UTC>`, of a run that a person makes: never the name of a slot. */
export function runByHandName({ metadata }: Named, nowMs: number): string {
  const stamp = secondsStamp(nowMs)
  return `${fit(metadata.name, longestName - stamp.length - 1)}-${stamp}`
}

/** `20261124-203015`, UTC: names sort by their age. */
export function secondsStamp(nowMs: number): string {
  return new Date(nowMs)
    .toISOString()
    .replaceAll(/[-:]|\..*$/g, '')
    .replace('T', '-')
}

/** Short enough for status, the same for the same text. */
export const runNowHash = hashOf

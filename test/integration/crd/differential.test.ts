// zod and the API server say the same: what zod accepts, the server's dry run accepts, and with defaults filled in both give one object.
// Left out: integers beyond 2^53 (zod counts in doubles), characters outside the BMP (zod counts UTF-16 units, the server code points) and
// maxProperties (zod has no such limit; rules.test.ts tries each).
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { customResourceDefinition } from '../../../src/api/crd/crd.ts'
import type { Kind } from '../../../src/api/group.ts'
import type { MeiliInstanceSpec } from '../../../src/api/instance.ts'
import { kinds } from '../../../src/api/kinds.ts'
import { quantityValue } from '../../../src/api/fields/quantity.ts'
import { sanitizes } from '../../../src/api/fields/restore.ts'
import type { MeiliRestoreSpec } from '../../../src/api/restore.ts'
import type { MeiliSnapshotScheduleSpec } from '../../../src/api/schedule.ts'
import type { MeiliSnapshotSpec } from '../../../src/api/snapshot.ts'
import { around, withoutNulls } from './around.ts'
import { objectOf } from './objects/complete-objects.ts'
import { pathOf, realServer } from './real-server.ts'
import type { Answer, Loose } from './real-server.ts'

const runs = Number(process.env['DIFFERENTIAL_RUNS'] ?? 300)

const server = realServer()
beforeAll(async () => {
  for (const kind of kinds) await server.call('POST', pathOf(kind), objectOf(kind.kind, 'stored'))
}, 120_000)

/** The rules that stand in CEL alone, as our own sentences; each is tried by itself in rules.test.ts. */
const celHolds: Readonly<Record<string, (spec: never) => boolean>> = {
  MeiliInstance: ({ existing, managed, deletionPolicy }: MeiliInstanceSpec) =>
    (existing === undefined) !== (managed === undefined) &&
    (managed !== undefined || deletionPolicy === 'Retain') &&
    existingHolds(existing) &&
    managedHolds(managed),
  MeiliSnapshot: (spec: MeiliSnapshotSpec) => arePositive(spec.expiresAfter) && snapshotHolds(spec),
  MeiliSnapshotSchedule: ({ jitter, startingDeadline, template, retention, drill }: MeiliSnapshotScheduleSpec) =>
    arePositive(jitter, startingDeadline, retention?.keepWithin, drill?.maxAge) &&
    Object.keys({ ...template.metadata?.labels, ...template.metadata?.annotations }).every(isKey) &&
    snapshotHolds(template.spec),
  MeiliRestore: ({ source, target, mode, confirm, rollback, sanitize, deadlines, mover }: MeiliRestoreSpec) =>
    Object.keys(source).length === 1 &&
    Object.keys(target).length === 1 &&
    arePositive(target.scratch?.maxAge) &&
    snapshotHolds({ deadlines, mover }) &&
    (mode === 'DryRun' ||
      target.scratch !== undefined ||
      confirm === (target.inPlace?.instanceRef.name ?? target.claim?.name)) &&
    (target.inPlace !== undefined || !sanitizes(sanitize)) &&
    mayGoBack({ target, mode, rollback }),
}

const mayGoBack = ({ target, mode, rollback }: Pick<MeiliRestoreSpec, 'target' | 'mode' | 'rollback'>): boolean =>
  !rollback || (target.inPlace !== undefined && mode === 'Apply')
const arePositive = (...durations: readonly (string | undefined)[]): boolean =>
  durations.every((text) => text === undefined || /[1-9]/.test(text))
const isKey = (name: string): boolean =>
  /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/.test(name)

interface Held extends Pick<MeiliRestoreSpec, 'mover'>, Partial<Pick<MeiliSnapshotSpec, 'verification'>> {
  readonly deadlines: Readonly<Record<string, string>>
}

function snapshotHolds({
  deadlines,
  mover: { bandwidthLimit },
  verification: { mode, boot } = { mode: 'None' },
}: Held): boolean {
  return (
    arePositive(...Object.values(deadlines), boot?.deadline) &&
    (boot === undefined || mode === 'Boot') &&
    (bandwidthLimit === undefined || (quantityValue(bandwidthLimit) ?? 0) >= 2 ** 20)
  )
}

function existingHolds(existing: MeiliInstanceSpec['existing']): boolean {
  if (existing === undefined) return true
  const { podSelector, tls, scheme } = existing
  return (
    (Object.keys(podSelector.matchLabels ?? {}).length > 0 || (podSelector.matchExpressions ?? []).length > 0) &&
    (tls === undefined || scheme === 'HTTPS')
  )
}

function managedHolds(managed: MeiliInstanceSpec['managed']): boolean {
  if (managed === undefined) return true
  const { storage, snapshots, scratch, env = [], image } = managed
  const isVolume = (one: typeof storage | undefined): boolean =>
    one === undefined ||
    ((one.size === undefined) !== (one.claimName === undefined) &&
      (one.claimName === undefined || (one.storageClassName ?? one.accessModes) === undefined))
  const isScratch =
    scratch === undefined ||
    ((scratch.size === undefined) !== (scratch.memory === undefined) &&
      (scratch.storageClassName === undefined || scratch.size !== undefined))
  const areVariables = env.every(
    ({ value, valueFrom }) =>
      (value === undefined || valueFrom === undefined) &&
      (valueFrom === undefined || (valueFrom.secretKeyRef === undefined) !== (valueFrom.configMapKeyRef === undefined)),
  )
  const areUnique = [env, image.pullSecrets ?? []].every(
    (list) => new Set(list.map(({ name }) => name)).size === list.length,
  )
  return isVolume(storage) && isVolume(snapshots) && isScratch && isFilled(managed) && areVariables && areUnique
}

const isFilled = ({ bootstrap, storage }: NonNullable<MeiliInstanceSpec['managed']>): boolean =>
  bootstrap === undefined || (storage.size !== undefined && Object.keys(bootstrap.from).length === 1)

const uniqueTypes = (status: Loose): boolean => {
  const names = [
    ((status['conditions'] ?? []) as { type: string }[]).map(({ type }) => type),
    ((status['storage'] ?? []) as { role: string }[]).map(({ role }) => role),
  ]
  return names.every((list) => new Set(list).size === list.length)
}

interface Half {
  readonly half: 'spec' | 'status'
  /** The server's word on `{spec}` or `{status}`. */
  readonly ask: (kind: Kind, value: Loose) => Promise<Answer>
  readonly alsoNeeded: (kind: Kind, value: unknown) => boolean
}

const halves: readonly Half[] = [
  {
    half: 'spec',
    ask: async (kind, { spec }) =>
      await server.call('POST', `${pathOf(kind)}?dryRun=All`, { ...objectOf(kind.kind, 'tried'), spec }),
    alsoNeeded: (kind, value) => celHolds[kind.kind]!(value as never),
  },
  {
    half: 'status',
    ask: async (kind, { status }) => {
      const { body } = await server.call('GET', pathOf(kind, 'stored'))
      return await server.call('PUT', `${pathOf(kind, 'stored')}/status?dryRun=All`, { ...body, status })
    },
    alsoNeeded: (_kind, value) => uniqueTypes(value as Loose),
  },
]

describe.each(kinds.map((kind) => [kind.kind, kind] as const))('%s', (_name, kind) => {
  test.each(halves.map((one) => [one.half, one] as const))(
    '%s: zod and the API server agree',
    async (_half, { half, ask, alsoNeeded }) => {
      const schema = customResourceDefinition(kind).spec.versions[0]!.schema.openAPIV3Schema.properties![half]!
      const seen = { accepted: 0, refused: 0 }
      await fc.assert(
        fc.asyncProperty(around(schema, half), async (value) => {
          const normal = withoutNulls(value) as Loose
          // A missing status is the default; a missing spec is refused.
          const parsed = kind[half].safeParse(
            half === 'status' ? (normal['status'] ?? { observedGeneration: -1 }) : normal['spec'],
          )
          const isWanted = parsed.success && alsoNeeded(kind, parsed.data)
          const answer = await ask(kind, value)
          const isAccepted = answer.code < 300
          expect(
            isAccepted,
            `zod: ${isWanted ? 'accepts' : JSON.stringify(parsed.error?.issues ?? 'a CEL rule')}; server: ${answer.code} ${String(answer.body['message'])}`,
          ).toBe(isWanted)
          if (isAccepted) expect(answer.body[half]).toEqual(parsed.data)
          seen[isAccepted ? 'accepted' : 'refused'] += 1
        }),
        { numRuns: runs },
      )
      expect(Math.min(seen.accepted, seen.refused), JSON.stringify(seen)).toBeGreaterThan(runs / 10)
    },
    120_000,
  )
})

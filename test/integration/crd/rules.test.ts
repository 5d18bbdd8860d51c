// Every rule that the CRDs make, each with an object that breaks it: the API server refuses it, names the field, and says what is wanted.
// A rule without a bad object here fails the last test.
import { beforeAll, describe, expect, test } from 'vitest'
import { meiliInstances } from '../../../src/api/instance.ts'
import { kinds } from '../../../src/api/kinds.ts'
import { meiliRestores } from '../../../src/api/restore.ts'
import { meiliSnapshotSchedules } from '../../../src/api/schedule.ts'
import { meiliSnapshots } from '../../../src/api/snapshot.ts'
import { complete, completeOf, objectOf } from './objects/complete-objects.ts'
import { badManaged } from './objects/bad-managed.ts'
import { badNames } from './objects/bad-names.ts'
import { badRestores } from './objects/bad-restores.ts'
import { badBoots, badScheduleObjects } from './objects/bad-schedules.ts'
import { constraintsOf, fieldOf, get, missingFields, rulesOf, set } from './constraints.ts'
import { pathOf, realServer } from './real-server.ts'
import type { Answer, Loose } from './real-server.ts'

const server = realServer()
beforeAll(async () => {
  for (const kind of kinds)
    for (const which of completeOf(kind.kind).keys())
      expect((await server.call('POST', pathOf(kind), objectOf(kind.kind, storedName(which), which))).code).toBe(201)
}, 120_000)

const storedName = (which: number): string => (which === 0 ? 'stored' : `stored-${which}`)

interface BadObject {
  readonly kind: (typeof kinds)[number]
  /** The field, and what the rule there says. */
  readonly at: string
  readonly says: string
  /** The member to change, and the value that breaks the rule. */
  readonly change: readonly (readonly [string, unknown])[]
  /** An object that is stored already is changed, instead of a new one made. */
  readonly isUpdate?: true
  /** Which of the complete objects is spoilt; the first. */
  readonly which?: number
}

const instance = (at: string, says: string, ...change: BadObject['change']): BadObject => ({
  kind: meiliInstances,
  at,
  says,
  change,
})
const snapshot = (at: string, says: string, ...change: BadObject['change']): BadObject => ({
  kind: meiliSnapshots,
  at,
  says,
  change,
})
const immutable = (field: string, member: string, value: unknown): BadObject => ({
  kind: meiliSnapshots,
  at: `spec.${field}`,
  says: `${field} is immutable: a MeiliSnapshot is taken once; create another one instead`,
  change: [[`spec.${member}`, value]],
  isUpdate: true,
})

const emptySelector = 'an empty podSelector selects every pod: name the labels of the one that runs Meilisearch'
const absolute = 'snapshotDirectory is an absolute path in the container: write for example /meili_data/snapshots'
const claimName =
  'name must be the name of a PersistentVolumeClaim in this namespace: lower-case letters, digits, - and .'
const claimPath =
  'path is a directory on the claim: relative, of letters, digits, ., _ and -, no part of it starting with a dot: write for example movies/daily'
const quantity = 'a quantity is a number with an optional unit: write for example 20Gi or 500m'
const duration = 'a duration is whole hours, minutes and seconds: write for example 90s, 6h or 1h30m'
const positive = 'a duration is longer than 0s: write for example 90s or 6h'

const bandwidth = 'bandwidthLimit is at least 1Mi (bytes per second): write for example 50Mi'

const claim = 'spec.destination.claim'
const badObjects: readonly BadObject[] = [
  ...badManaged.map(([at, says, change, more]): BadObject => ({
    kind: meiliInstances,
    at,
    says,
    change,
    which: 1,
    ...more,
  })),
  ...badNames,
  ...badRestores.map(([at, says, change, more]): BadObject => ({ kind: meiliRestores, at, says, change, ...more })),
  ...badBoots('spec.verification').map(([at, says, change]): BadObject => ({ kind: meiliSnapshots, at, says, change })),
  ...badScheduleObjects.map(([at, says, change]): BadObject => ({ kind: meiliSnapshotSchedules, at, says, change })),
  instance('spec.existing.podSelector', emptySelector, ['spec.existing.podSelector', {}]),
  instance('spec.existing.podSelector', emptySelector, [
    'spec.existing.podSelector',
    { matchLabels: {}, matchExpressions: [] },
  ]),
  instance('spec.existing', 'tls needs scheme: HTTPS', ['spec.existing.scheme', 'HTTP']),
  instance('spec.existing', 'tls needs scheme: HTTPS', ['spec.existing.scheme', undefined]),
  ...['meili_data', '', './x'].map((path) =>
    instance('spec.existing.snapshotDirectory', absolute, ['spec.existing.snapshotDirectory', path]),
  ),
  ...['-a', 'A', 'a_b', 'a/b', 'a.', 'a..b'].map((name) =>
    snapshot(`${claim}.name`, claimName, [`${claim}.name`, name]),
  ),
  ...['/a', '../a', 'a/../b', '.a', 'a/.b', 'a//b', 'a/', 'a b', 'ä', 'a\nb'].map((path) =>
    snapshot(`${claim}.path`, claimPath, [`${claim}.path`, path]),
  ),
  ...['', 'x', '-1Gi', '+1Gi', '1 Gi', '1GiB', '1gi'].map((size) =>
    snapshot(`${claim}.template.resources.requests.storage`, quantity, [
      `${claim}.template.resources.requests.storage`,
      size,
    ]),
  ),
  snapshot('spec.mover.resources.requests.cpu', quantity, ['spec.mover.resources.requests.cpu', 'two']),
  snapshot('spec.mover.stream.maxSize', quantity, ['spec.mover.stream.maxSize', '10 GB']),
  snapshot('spec.mover.resources.limits.memory', quantity, ['spec.mover.resources.limits.memory', '1GB!']),
  ...['50MB', '-50Mi', '50Mi/s', '1e-7758659870', '1E123'].map((limit) =>
    snapshot('spec.mover.bandwidthLimit', quantity, ['spec.mover.bandwidthLimit', limit]),
  ),
  ...['0', '1023Ki', '500m', 0, 1_048_575].map((limit) =>
    snapshot('spec.mover.bandwidthLimit', bandwidth, ['spec.mover.bandwidthLimit', limit]),
  ),
  ...['spec.deadlines.start', 'spec.deadlines.task', 'spec.deadlines.move', 'spec.expiresAfter'].flatMap((member) => [
    ...['hm', '1d', '-1s', '1.5h', '1s1h', '10'].map((text) => snapshot(member, duration, [member, text])),
    ...['0s', '0h0m0s', '00m'].map((text) => snapshot(member, positive, [member, text])),
  ]),
  immutable('source', 'source.instanceRef.name', 'shows'),
  immutable('destination', 'destination.claim.name', 'others'),
  immutable('destination', 'destination.claim.path', undefined),
  immutable('destination', 'destination.claim.template', undefined),
  immutable('sourcePolicy', 'sourcePolicy', 'Remove'),
  immutable('verification', 'verification.mode', 'Archive'),
  immutable('verification', 'verification', undefined),
  immutable('deadlines', 'deadlines.task', '3h'),
  immutable('deadlines', 'deadlines.task', undefined),
  immutable('mover', 'mover.priorityClassName', 'high'),
  immutable('mover', 'mover.nodeSelector', undefined),
  immutable('mover', 'mover', undefined),
]

async function attempt({ kind, change, isUpdate, which = 0 }: BadObject): Promise<Answer> {
  const name = storedName(which)
  const object = isUpdate ? (await server.call('GET', pathOf(kind, name))).body : objectOf(kind.kind, 'bad', which)
  for (const [member, value] of change) set(object, member.split('.'), value)
  return isUpdate
    ? await server.call('PUT', `${pathOf(kind, name)}?dryRun=All`, object)
    : await server.call('POST', `${pathOf(kind)}?dryRun=All`, object)
}

interface Cause {
  readonly field: string
  readonly message: string
}
const causesOf = ({ body }: Answer): readonly Cause[] => (body['details']?.causes ?? []) as Cause[]
/** A map's key stands in brackets in a rule's field, and after a dot elsewhere. */
const plainField = (field: string): string => field.replaceAll(/\[([^\]\d][^\]]*)\]/g, '.$1')

describe('CEL rules', () => {
  test.each(badObjects.map((bad) => [bad.kind.kind, JSON.stringify(bad.change), bad] as const))(
    '%s with %s',
    async (_kind, _change, bad) => {
      const answer = await attempt(bad)
      expect(answer.code, JSON.stringify(answer.body)).toBe(422)
      const causes = causesOf(answer).filter(({ message }) => message.includes(bad.says))
      expect(
        causes.map(({ field }) => plainField(field)),
        JSON.stringify(causesOf(answer)),
      ).toContain(bad.at)
    },
  )

  test('every rule of every CRD is broken by an object above', () => {
    const stated = kinds.flatMap((kind) =>
      completeOf(kind.kind).flatMap((object) =>
        rulesOf(kind, object).map(({ at, message }) => `${kind.kind} ${at}: ${message}`),
      ),
    )
    const tried = badObjects.map(({ kind, at, says }) => `${kind.kind} ${at}: ${says}`)
    expect(new Set(tried)).toEqual(new Set(stated))
  })
})

describe.each(kinds.map((kind) => [kind.kind, kind] as const))('limits of a %s', (name, kind) => {
  type Limit = ReturnType<typeof constraintsOf>[number]
  /** Each limit once, with the object in which it is tried. */
  const limits = (
    half: 'spec' | 'status',
  ): readonly (readonly [string, string, Limit & { readonly which: number }])[] => {
    const all = completeOf(name).flatMap((object, which) =>
      constraintsOf(kind, half, object).map((one) => [fieldOf(one.at), one.keyword, { ...one, which }] as const),
    )
    return [...new Map(all.toReversed().map((entry) => [`${entry[0]} ${entry[1]}`, entry])).values()].toReversed()
  }

  const expectRefusedFor = (answer: Answer, { at, says }: ReturnType<typeof constraintsOf>[number]): void => {
    expect(answer.code, JSON.stringify(answer.body)).toBeGreaterThanOrEqual(400)
    const causes = causesOf(answer).filter(({ field }) => plainField(field) === fieldOf(at))
    const message =
      causes.length > 0 ? causes.map((cause) => cause.message).join('\n') : (answer.body['message'] as string)
    expect(message).toMatch(says)
    if (causes.length === 0) expect(message).toContain(at.findLast((part) => !/^\d+$/.test(part)))
  }

  test.each(limits('spec'))('%s: %s', async (_at, _keyword, limit) => {
    const object = objectOf(name, 'bad', limit.which)
    limit.spoil(object)
    expectRefusedFor(await server.call('POST', `${pathOf(kind)}?dryRun=All`, object), limit)
  })

  test.each(limits('status'))('%s: %s', async (_at, _keyword, limit) => {
    const { body } = await server.call('GET', pathOf(kind, 'stored'))
    const object: Loose = { ...body, status: structuredClone(complete[name]!.status) }
    limit.spoil(object)
    expectRefusedFor(await server.call('PUT', `${pathOf(kind, 'stored')}/status?dryRun=All`, object), limit)
  })

  test('the complete objects between them fill in every field', () => {
    const missing = completeOf(name).map((object) => new Set(missingFields(kind, object)))
    expect([...missing[0]!].filter((field) => missing.every((fields) => fields.has(field)))).toEqual([])
  })

  test('the complete object itself is accepted, spec and status', async () => {
    const { body } = await server.call('GET', pathOf(kind, 'stored'))
    for (const [which, { spec }] of completeOf(name).entries())
      expect((await server.call('GET', pathOf(kind, storedName(which)))).body['spec']).toEqual(spec)
    expect(get(body, ['spec'])).toEqual(complete[name]!.spec)
    expect(
      (
        await server.call('PUT', `${pathOf(kind, 'stored')}/status?dryRun=All`, {
          ...body,
          status: complete[name]!.status,
        })
      ).code,
    ).toBe(200)
  })
})

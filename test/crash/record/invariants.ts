// The invariants of one MeiliSnapshot: checks every state of its status in its whole life, and keeps what is not true or takes something back.
import { isDeepStrictEqual } from 'node:util'
import type { Condition } from '../../../src/api/meta.ts'
import type { MeiliSnapshot } from '../../../src/api/snapshot.ts'

/** What is wrong with a state, given the one before it; undefined where nothing is. */
type Rule = (now: MeiliSnapshot, before: MeiliSnapshot | undefined) => string | undefined

const isEnded = ({ status }: MeiliSnapshot): boolean => status?.phase === 'Completed' || status?.phase === 'Failed'

const isTrue = ({ status }: MeiliSnapshot, type: string): boolean =>
  status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false

/** Which conditions are True in which phase: all others are False or absent. */
function conditionsFit(now: MeiliSnapshot): string | undefined {
  const phase = now.status?.phase
  if (phase === undefined) return undefined
  const wanted =
    phase === 'Completed' ? ['Ready', 'Complete'] : phase === 'Failed' ? ['Stalled', 'Failed'] : ['Reconciling']
  const found = ['Reconciling', 'Stalled', 'Ready', 'Complete', 'Failed'].filter((type) => isTrue(now, type))
  return isDeepStrictEqual(found.toSorted(), wanted.toSorted())
    ? undefined
    : `in phase ${phase} these are True: ${found.join(', ')}`
}

function generationsFit({ metadata, status }: MeiliSnapshot): string | undefined {
  const expected = status?.phase === undefined ? -1 : metadata.generation
  const generations = [
    status?.observedGeneration,
    ...(status?.conditions ?? []).map(({ observedGeneration }) => observedGeneration),
  ]
  return generations.every((generation) => generation === expected)
    ? undefined
    : `observedGeneration is ${generations.join(', ')} and not ${expected}`
}

function endStays(now: MeiliSnapshot, before: MeiliSnapshot | undefined): string | undefined {
  if (before === undefined || !isEnded(before)) return undefined
  return isDeepStrictEqual(now.status, before.status)
    ? undefined
    : `after its end (${before.status?.phase}) the status changed again (${now.status?.phase})`
}

/** `[name, value]` of what is written once and never changes. */
const fixedValues = ({ status }: MeiliSnapshot): readonly (readonly [string, unknown])[] => [
  ['request.attempt', status?.request?.attempt],
  ['request.baseline', status?.request?.baseline],
  ['request.taskUid', status?.request?.taskUid],
  ['request.adoptedAt', status?.request?.adoptedAt],
  ['move.startedAt', status?.move?.startedAt],
  ['artifact', status?.artifact],
]

function nothingTakenBack(now: MeiliSnapshot, before: MeiliSnapshot | undefined): string | undefined {
  if (before === undefined) return undefined
  const after = new Map(fixedValues(now))
  const changed = fixedValues(before).find(
    ([name, value]) => value !== undefined && !isDeepStrictEqual(value, after.get(name)),
  )
  if (changed !== undefined)
    return `${changed[0]} was ${JSON.stringify(changed[1])} and became ${JSON.stringify(after.get(changed[0]))}`
  const [was = 0, is = 0] = [before.status?.request?.posts, now.status?.request?.posts]
  return is < was ? `request.posts went back from ${was} to ${is}` : undefined
}

function transitionsFit(now: MeiliSnapshot, before: MeiliSnapshot | undefined): string | undefined {
  const old = new Map((before?.status?.conditions ?? []).map((condition) => [condition.type, condition]))
  const moved = (now.status?.conditions ?? []).find(
    ({ type, status, lastTransitionTime }: Condition) =>
      old.get(type)?.status === status && old.get(type)?.lastTransitionTime !== lastTransitionTime,
  )
  return moved === undefined ? undefined : `lastTransitionTime of ${moved.type} moved though its status did not`
}

const rules: readonly Rule[] = [conditionsFit, generationsFit, endStays, nothingTakenBack, transitionsFit]

/** A file that was replaced by a newer snapshot's belongs to that one's task, and status says so when it is stored. Only where there are two. */
function taskStays(now: MeiliSnapshot, before: MeiliSnapshot | undefined): string | undefined {
  const [was, is] = [before?.status?.task?.uid, now.status?.task?.uid]
  return was === undefined || was === is ? undefined : `task.uid was ${was} and became ${is}`
}

export class Invariants {
  readonly #rules: readonly Rule[]
  /** In the order in which they were seen. */
  readonly violations: string[] = []
  /** POST /snapshots that the server got. */
  posts = 0
  #last: MeiliSnapshot | undefined
  #isGone = false

  constructor(life: { readonly tasks: number } = { tasks: 1 }) {
    this.#rules = life.tasks === 1 ? [...rules, taskStays] : rules
  }

  check(type: 'ADDED' | 'MODIFIED' | 'DELETED', now: MeiliSnapshot): void {
    if (type === 'DELETED') {
      this.#isGone = true
      return
    }
    const found = this.#rules.map((rule) => rule(now, this.#last)).filter((violation) => violation !== undefined)
    for (const violation of found) this.violations.push(`at "${now.status?.phase ?? 'no phase'}": ${violation}`)
    this.#last = now
  }

  /** Called before a POST goes on, with what is on record at that moment. */
  countPost(onRecord: MeiliSnapshot): void {
    this.posts += 1
    const counted = onRecord.status?.request?.posts ?? 0
    if (counted < this.posts) this.violations.push(`POST ${this.posts} was sent with ${counted} posts on record`)
  }

  get snapshot(): MeiliSnapshot | undefined {
    return this.#last
  }

  get isGone(): boolean {
    return this.#isGone
  }
}

// A schedule comes when a CronJob with the same text would, by the library that Kubernetes reads it with; away from the days on which clocks are
// put forward or back, where that one runs twice, or not at all.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isProblem, readSlots } from '../../../../src/kinds/schedule/slots/slots.ts'
import { silent } from '../../../cluster/build/cache.ts'
import { ensureBinaries } from '../../../cluster/build/binaries.ts'

interface Question {
  readonly schedule: string
  readonly timeZone: string
  readonly after: string
  readonly count: number
}

interface Answer {
  readonly times: readonly string[]
  readonly error?: string
}

async function askCronJob(questions: readonly Question[]): Promise<readonly Answer[]> {
  const { cron } = await ensureBinaries(['cron'], silent)
  const child = spawn(cron, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'close')
  child.stdin.end(questions.map((question) => `${JSON.stringify(question)}\n`).join(''))
  const [out] = await Promise.all([text(child.stdout), ended])
  return out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer)
}

function ask({ schedule, timeZone, after, count }: Question): Answer {
  const slots = readSlots({ schedule, timeZone })
  if (isProblem(slots) && slots.reason !== 'NoSlot') return { times: [], error: slots.message }
  const times: string[] = []
  let slotMs = isProblem(slots) ? undefined : slots.nextAfter(Date.parse(after))
  while (!isProblem(slots) && slotMs !== undefined && times.length < count) {
    times.push(new Date(slotMs).toISOString().replace('.000Z', 'Z'))
    slotMs = slots.nextAfter(slotMs)
  }
  return { times }
}

/** Zones that have not put their clocks forward or back for years, on both sides of UTC. */
const evenZones = ['Etc/UTC', 'Asia/Tokyo', 'Asia/Kolkata', 'Asia/Kathmandu', 'America/Bogota', 'Pacific/Kiritimati']

const written = [
  '* * * * *',
  '0 3 * * *',
  '*/7 * * * *',
  '5-59/20 */5 * * *',
  '0 0 13 * 5',
  '0 0 */2 * 1',
  '0 0 */1 * 1',
  '0 0 1 * */2',
  '0 0 1 * */1',
  '0 0 *,5 * 1',
  '0 0 5 * *,1',
  '0 0 31 * *',
  '0 0 29 2 *',
  '0 0 30 2 *',
  '30 4 1,15 * 5',
  '0 12 1-7 * mon',
  '0 22 * JAN-Mar,dec mon-fri/2',
  '0 0,12 1 */2 *',
  '@hourly',
  '@daily',
  '@weekly',
  '@monthly',
]

/** What the schema takes and both can read: without 7, and with no step that is longer than its field. */
function field(low: number, high: number, names: readonly string[] = []): fc.Arbitrary<string> {
  const number = fc.integer({ min: low, max: high })
  const step = fc.integer({ min: 1, max: Math.min(high - low, 99) })
  const range = fc.tuple(number, number).map(([one, other]) => `${Math.min(one, other)}-${Math.max(one, other)}`)
  const item = fc.oneof(
    { arbitrary: fc.constant('*'), weight: 3 },
    step.map((n) => `*/${n}`),
    number.map(String),
    range,
    fc.tuple(range, step).map(([of, n]) => `${of}/${n}`),
    ...(names.length === 0 ? [] : [fc.constantFrom(...names)]),
  )
  return fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(','))
}

const anyQuestion: fc.Arbitrary<Question> = fc.record({
  schedule: fc
    .tuple(
      field(0, 59),
      field(0, 23),
      field(1, 31),
      field(1, 12, ['jan', 'JUN', 'Dec']),
      field(0, 6, ['sun', 'Wed', 'SAT']),
    )
    .map((fields) => fields.join(' ')),
  timeZone: fc.constantFrom(...evenZones),
  after: fc
    .integer({ min: Date.parse('2026-11-29T00:00:00Z') / 1000, max: Date.parse('2030-01-01T00:00:00Z') / 1000 })
    .map((seconds) => new Date(seconds * 1000).toISOString()),
  count: fc.constant(5),
})

test('schedules that people write come when a CronJob would', async () => {
  const questions = written.flatMap((schedule) =>
    evenZones.map((timeZone) => ({ schedule, timeZone, after: '2026-11-29T00:00:30Z', count: 3 })),
  )
  const answers = await askCronJob(questions)
  expect(answers).toHaveLength(questions.length)
  for (const [index, question] of questions.entries()) {
    // It looks no further than five years.
    const wanted = answers[index]?.times ?? []
    expect({ question, times: ask(question).times.slice(0, wanted.length) }).toEqual({ question, times: wanted })
  }
})

test('so do all that both can read', async () => {
  const questions = fc.sample(anyQuestion, { numRuns: 3000 })
  const answers = await askCronJob(questions)
  expect(answers).toHaveLength(questions.length)
  for (const [index, question] of questions.entries()) {
    const { times: wanted = [], error } = answers[index] ?? {}
    const { times, error: ours } = ask(question)
    expect({ question, times: times.slice(0, wanted.length), error: ours }).toEqual({ question, times: wanted, error })
  }
})

test('in a zone with a summer, too, away from the nights of the change', async () => {
  const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'America/Santiago']
  const questions = zones.flatMap((timeZone) =>
    ['2026-12-10', '2027-01-20', '2027-06-10', '2027-07-20'].flatMap((day) =>
      ['*/15 * * * *', '0 */2 * * *', '30 2 * * *', '0 0 * * *'].map((schedule) => ({
        schedule,
        timeZone,
        after: `${day}T00:00:00Z`,
        count: 30,
      })),
    ),
  )
  const answers = await askCronJob(questions)
  for (const [index, question] of questions.entries())
    expect({ question, ...ask(question) }).toEqual({ question, ...answers[index] })
})

test('what only one of them reads is known', async () => {
  const ours = ['0 0 * * 7', '0 0 * * fri-sun']
  const theirs = ['*/70 * * * *', '0 */30 * * *']
  const questions = [...ours, ...theirs].map((schedule) => ({
    schedule,
    timeZone: 'Etc/UTC',
    after: '2026-11-29T00:00:00Z',
    count: 1,
  }))
  const answers = await askCronJob(questions)
  expect(answers.map(({ error }) => error === undefined)).toEqual([false, false, true, true])
  expect(questions.map((question) => ask(question).error === undefined)).toEqual([true, true, false, false])
})

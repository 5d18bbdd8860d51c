// Reads a schedule's text by croner, and keeps the five fields alone: its patterns are 80 KB each, and its clock and its zones are not asked.
import { CronPattern } from 'croner'

/** What the five fields name. In a mask, bit n stands for the value n. */
export interface CronFields {
  /** Ascending. */
  readonly minutes: readonly number[]
  /** Ascending. */
  readonly hours: readonly number[]
  /** Bits 1–31. */
  readonly days: number
  /** Bits 1–12. */
  readonly months: number
  /** Bits 0–6, 0 is Sunday. */
  readonly weekdays: number
  /** One of day and weekday is enough: both are restricted. */
  readonly isEitherDay: boolean
  /** The hour field has a `*` or `*\/n`. */
  readonly isByElapsedTime: boolean
}

export const nicknames: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
}

/** croner reads the second name as a 7, and so this one day as all seven. */
const sundayAlone = /\b(?:sun|0)-sun(\/\d+)?/gi

/** As Kubernetes' CronJob does: `*\/2` restricts a day, `*` and `*\/1` do not, in a list either. */
const isStar = (field: string): boolean => field.split(',').some((item) => item === '*' || item === '*/1')

/**
 * @param text as the schema takes it
 * @throws Error where a range runs backwards or a step is longer than its field; in croner's words
 */
export function readCron(text: string): CronFields {
  const fields = (nicknames[text] ?? text).split(/ +/)
  const [, hour = '', day = '', , weekday = ''] = fields
  const pattern = new CronPattern([...fields.slice(0, 4), weekday.replaceAll(sundayAlone, '0')].join(' '), 'Etc/UTC', {
    mode: '5-part',
  })
  return {
    minutes: indexesOf(pattern.minute),
    hours: indexesOf(pattern.hour),
    days: maskOf(pattern.day) << 1,
    months: maskOf(pattern.month) << 1,
    weekdays: maskOf(pattern.dayOfWeek.slice(0, 7)),
    isEitherDay: !isStar(day) && !isStar(weekday),
    isByElapsedTime: hour.includes('*'),
  }
}

const indexesOf = (flags: readonly number[]): number[] => flags.flatMap((flag, index) => (flag ? [index] : []))

const maskOf = (flags: readonly number[]): number => indexesOf(flags).reduce((mask, index) => mask | (1 << index), 0)

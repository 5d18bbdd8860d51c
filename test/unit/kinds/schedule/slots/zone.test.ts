// Wall times and instants.
import { describe, expect, it } from 'vitest'
import { instantsOf, wallOf, zoneNamed } from '../../../../../src/kinds/schedule/slots/zone.ts'
import type { Zone } from '../../../../../src/kinds/schedule/slots/zone.ts'

const utc = (text: string): number => Date.parse(`${text}:00Z`)

function zone(name: string): Zone {
  const found = zoneNamed(name)
  if (found === undefined) throw new Error(`no zone ${name}`)
  return found
}

describe('the clock on the wall', () => {
  it('shows a summer hour in summer alone', () => {
    expect(wallOf(zone('Europe/Berlin'), utc('2026-07-01T10:00'))).toBe(utc('2026-07-01T12:00'))
    expect(wallOf(zone('Europe/Berlin'), utc('2026-01-01T10:00'))).toBe(utc('2026-01-01T11:00'))
    expect(wallOf(zone('America/St_Johns'), utc('2026-01-01T10:00'))).toBe(utc('2026-01-01T06:30'))
  })

  it('shows a time once a day', () => {
    expect(instantsOf(zone('Etc/UTC'), utc('2026-01-01T10:00'))).toEqual([utc('2026-01-01T10:00')])
    expect(instantsOf(zone('Asia/Kolkata'), utc('2026-01-01T10:00'))).toEqual([utc('2026-01-01T04:30')])
  })

  it('shows a time twice where it is put back, the earlier one first', () => {
    expect(instantsOf(zone('Europe/Berlin'), utc('2026-10-25T02:30'))).toEqual([
      utc('2026-10-25T00:30'),
      utc('2026-10-25T01:30'),
    ])
  })

  it('comes later by what it is put forward, where it never shows that time', () => {
    expect(instantsOf(zone('Europe/Berlin'), utc('2026-03-29T02:30'))).toEqual([utc('2026-03-29T01:30')])
    expect(instantsOf(zone('Australia/Lord_Howe'), utc('2026-10-04T02:10'))).toEqual([utc('2026-10-03T15:40')])
  })

  it('is unknown in a zone that Intl does not know', () => {
    expect(zoneNamed('Europe/Atlantis')).toBeUndefined()
  })
})

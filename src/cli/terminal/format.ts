// Formats ages and counts for the plugin's tables. Pure.

const steps = [
  [60, 's'],
  [60, 'm'],
  [24, 'h'],
  [365, 'd'],
] as const

/** How long ago, in its largest unit: `41s`, `3m`, `2h`, `9d`, `2y`; nothing for no time. */
export function ageText(time: string | undefined, nowMs: number): string {
  if (time === undefined) return ''
  let rest = Math.max(0, Math.floor((nowMs - Date.parse(time)) / 1000))
  for (const [size, unit] of steps) {
    if (rest < size) return `${rest}${unit}`
    rest = Math.floor(rest / size)
  }
  return `${rest}y`
}

/** How long until then, as `in 19h`; `now` where it has come. */
export function untilText(time: string, nowMs: number): string {
  const timeMs = Date.parse(time)
  return timeMs > nowMs ? `in ${ageText(new Date(nowMs).toISOString(), timeMs)}` : 'now'
}

/** `50,000`. */
export const countText = (count: number): string => count.toLocaleString('en-US')

/** Only the sentence: no full stop twice where another one follows. */
export const withoutStop = (text: string): string => text.replace(/[.\s]+$/, '')

// Made-up films: the same ones each time, with enough different words that an index has work to do.

const words =
  'harbour winter engine letter garden shadow river thunder silver captain forest mirror border signal desert castle planet tunnel lantern orchard comet glacier violin market island detective submarine balloon carnival'.split(
    ' ',
  )
const genres = ['drama', 'comedy', 'science fiction', 'thriller', 'documentary', 'animation']

/** A small generator of numbers below 2^32: xorshift, seeded by the document's number. */
function numbers(seed: number): () => number {
  let state = (seed + 1) * 2_654_435_761
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

function film(id: number): object {
  const next = numbers(id)
  const word = (): string => words[next() % words.length] ?? ''
  const sentence = Array.from(
    { length: 24 },
    () => `${word()}${next() % 3 === 0 ? ` ${(next() % 4096).toString(36)}` : ''}`,
  ).join(' ')
  const rare = next() % 233 === 0 ? ' alien' : ''
  return {
    id,
    title: `${word()} of the ${word()} ${id.toString(36)}`,
    overview: `${sentence}${rare}`,
    year: 1920 + (next() % 106),
    genre: genres[next() % genres.length],
  }
}

/** Films `from` to `from + count - 1`, one JSON object a line. */
export function filmLines(from: number, count: number): string {
  return Array.from({ length: count }, (_, index) => JSON.stringify(film(from + index))).join('\n')
}

// A snapshot that no mover can mount, and that may be sent from the server's own container.

/** Of a MeiliSnapshot's spec. */
export const allowed = { mover: { stream: { mode: 'IfNeeded' } } }

/** `status.move.stream`. */
export const stream = {
  pod: 'search-0',
  container: 'meilisearch',
  directory: '/snapshots',
  fileName: 'data.ms.snapshot',
  pinned: true,
}

/** The file, as an effect names it. */
export const source = {
  namespace: 'shop',
  pod: 'search-0',
  container: 'meilisearch',
  directory: '/snapshots',
  fileName: 'data.ms.snapshot',
  pin: '0a1b2c3d-1',
}

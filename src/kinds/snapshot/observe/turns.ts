// What passes of this process have decided about snapshots, for as long as the cache does not show it yet. A process that starts has none: then what is
// on record is all there is. Only the leader reconciles, so no other process decides beside it.
import type { MeiliSnapshot } from '../../../api/snapshot.ts'

/** Asks: sends its first POST /snapshots. Moves: starts a mover. Refused: the API server does not take its status, so it cannot do anything. */
export type Turn = 'Asks' | 'Moves' | 'Refused'

export class Turns {
  /** By uid, with the version that was decided on: once the cache shows another one, it shows what came of it. */
  readonly #taken = new Map<string, { readonly version: string | undefined; readonly turn: Turn }>()

  set({ metadata }: MeiliSnapshot, turn: Turn): void {
    this.#taken.set(metadata.uid, { version: metadata.resourceVersion, turn })
  }

  delete({ metadata }: MeiliSnapshot): void {
    this.#taken.delete(metadata.uid)
  }

  /** @param snapshot as the cache shows it now */
  of({ metadata }: MeiliSnapshot): Turn | undefined {
    const taken = this.#taken.get(metadata.uid)
    return taken !== undefined && taken.version === metadata.resourceVersion ? taken.turn : undefined
  }
}

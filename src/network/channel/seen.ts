/** Remembers which messages came, and from whom, so that each is checked and sent on once. */

import { hash } from 'node:crypto'
import { Recent } from '../../base/recent.ts'
import type { Fault } from '../network.ts'

/** What is known of a message. */
export interface Sighting {
  /** Links that have it or were sent it, by their serial numbers. */
  readonly by: number[]
  /** Links that brought it: also one that was sent it may, since both can be on their way at once. */
  readonly from: number[]
  /** That of its check, for those that bring it again. */
  fault?: Fault
}

/** Messages that are remembered for a chain. */
const mostRemembered = 32_768

export class Seen {
  #sightings = new Recent<string, Sighting | undefined>(mostRemembered)

  /** What is known of a message of a kind, and its name. */
  look(
    kind: number,
    bytes: Uint8Array,
  ): { readonly name: string; readonly known?: Sighting | undefined } {
    const name = `${kind} ${hash('sha256', bytes, 'base64url')}`
    return { name, known: this.#sightings.get(name) }
  }

  /** Begins to remember a message. */
  add(name: string, sighting: Sighting): Sighting {
    this.#sightings.set(name, sighting)
    return sighting
  }

  /** What was ignored is checked when it comes again. */
  forget(name: string): void {
    this.#sightings.set(name, undefined)
  }
}

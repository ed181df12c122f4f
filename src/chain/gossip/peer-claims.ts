/** Remembers what peers say to have, and whom to ask next. */

import type { PeerStatus } from './block-messages.ts'

interface Claim {
  readonly status: PeerStatus
  /** It is not asked before. */
  readonly restUntilMs: number
}

/** The claims of the peers that are linked: one each. */
export class PeerClaims {
  readonly #claims = new Map<string, Claim>()

  set(peer: string, status: PeerStatus): void {
    this.#claims.set(peer, { status, restUntilMs: this.#claims.get(peer)?.restUntilMs ?? 0 })
  }

  /** Height of the chain that a peer says it has. */
  headOf(peer: string): bigint | undefined {
    return this.#claims.get(peer)?.status.head
  }

  drop(peer: string): void {
    this.#claims.delete(peer)
  }

  /** The peer with most work, if that is more than this, that may be asked now. */
  best(work: bigint, nowMs: number): readonly [peer: string, status: PeerStatus] | undefined {
    let best: readonly [string, PeerStatus] | undefined
    for (const [peer, { status, restUntilMs }] of this.#better(work)) {
      if (restUntilMs > nowMs) continue
      if (!best || status.totalWork > best[1].totalWork) best = [peer, status]
    }
    return best
  }

  /** When the next of those may be asked that say to have more than this. */
  nextMs(work: bigint): number | undefined {
    const times = this.#better(work).map(([, { restUntilMs }]) => restUntilMs)
    return times.length > 0 ? Math.min(...times) : undefined
  }

  /** Leaves a peer alone for a while. */
  rest(peer: string, untilMs: number): void {
    const claim = this.#claims.get(peer)
    if (claim) this.#claims.set(peer, { ...claim, restUntilMs: untilMs })
  }

  #better(work: bigint): readonly (readonly [string, Claim])[] {
    return [...this.#claims].filter(([, { status }]) => status.totalWork > work)
  }
}

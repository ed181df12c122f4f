/** Remembers how far peers say that they are; nothing is proven by it. */

/** Peers that are remembered, more than have links. */
const mostPeers = 1_024

export class PeerHeights {
  /** Who spoke last stands last. */
  readonly #heights = new Map<string, bigint>()

  /** Notes what a peer says of its head. */
  note(peer: string, height: bigint): void {
    this.#heights.delete(peer)
    this.#heights.set(peer, height)
    if (this.#heights.size <= mostPeers) return
    for (const oldest of this.#heights.keys().take(1)) this.#heights.delete(oldest)
  }

  get(peer: string): bigint | undefined {
    return this.#heights.get(peer)
  }
}

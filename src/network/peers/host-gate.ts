/** Decides whether a host may begin another handshake, which costs before anybody is known. */

interface Bucket {
  readonly left: number
  readonly atMs: number
}

/** Handshakes that a host may begin at once, and how soon there is one more. */
const room = 32
const refillMs = 1_000
/** What one costs whose greeting was garbage. */
const garbageCost = 8
/** Hosts that are remembered. */
const mostHosts = 1_024

export class HostGate {
  readonly #buckets = new Map<string, Bucket>()

  /** Whether a handshake may begin; takes one if so. */
  enter(host: string, nowMs: number): boolean {
    const left = this.#left(host, nowMs)
    if (left < 1) return false
    this.#set(host, { left: left - 1, atMs: nowMs })
    return true
  }

  /** Notes that a host sent garbage. */
  blame(host: string, nowMs: number): void {
    this.#set(host, { left: this.#left(host, nowMs) - garbageCost, atMs: nowMs })
  }

  #left(host: string, nowMs: number): number {
    const bucket = this.#buckets.get(host)
    return bucket ? Math.min(room, bucket.left + (nowMs - bucket.atMs) / refillMs) : room
  }

  #set(host: string, bucket: Bucket): void {
    this.#buckets.delete(host)
    this.#buckets.set(host, { ...bucket, left: Math.max(bucket.left, -room) })
    if (this.#buckets.size > mostHosts)
      for (const oldest of this.#buckets.keys().take(1)) this.#buckets.delete(oldest)
  }
}

/** Remembers how peers stand and who is away for how long, within bounds. */

import type { Ban, Fault, PeerId } from '../network.ts'
import { judge, newStanding, pointsAt, type Standing } from './score.ts'

/** Peers whose standing is remembered, and bans; the oldest are forgotten first. */
const mostRemembered = 4_096

export class Reputation {
  readonly #standings = new Map<PeerId, Standing>()
  readonly #bans = new Map<PeerId, Ban>()

  /** @param bans - from before */
  constructor(bans: readonly Ban[] = []) {
    for (const ban of bans) this.#ban(ban)
  }

  scoreOf(peer: PeerId, nowMs: number): number {
    const standing = this.#standings.get(peer)
    return standing ? pointsAt(standing, nowMs) : 0
  }

  /** Scores a peer; true if it is sent away. */
  score(peer: PeerId, fault: Fault, now: { nowMs: number; isValidator: boolean }): boolean {
    const before = this.#standings.get(peer) ?? newStanding(now.nowMs)
    const { standing, banMs } = judge(before, fault, now)
    if (banMs === undefined) {
      remember(this.#standings, peer, standing)
      return false
    }
    this.#standings.delete(peer)
    this.#ban({ id: peer, untilMs: now.nowMs + banMs, reason: fault.name })
    return true
  }

  isBanned(peer: PeerId, nowMs: number): boolean {
    const ban = this.#bans.get(peer)
    if (ban === undefined) return false
    if (ban.untilMs > nowMs) return true
    this.#bans.delete(peer)
    return false
  }

  bans(nowMs: number): readonly Ban[] {
    return [...this.#bans.values()].filter(({ untilMs }) => untilMs > nowMs)
  }

  ban(id: PeerId, untilMs: number): void {
    this.#ban({ id, untilMs, reason: 'by hand' })
  }

  pardon(peer: PeerId): void {
    this.#bans.delete(peer)
    this.#standings.delete(peer)
  }

  #ban(ban: Ban): void {
    remember(this.#bans, ban.id, ban)
  }
}

/** Puts a value in as the newest. */
function remember<Value>(map: Map<PeerId, Value>, peer: PeerId, value: Value): void {
  map.delete(peer)
  map.set(peer, value)
  if (map.size > mostRemembered) for (const oldest of map.keys().take(1)) map.delete(oldest)
}

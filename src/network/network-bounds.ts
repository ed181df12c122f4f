/** Sets the bounds of links (consensus design, section 16) and the patience with them. */

const MiB = 1024 * 1024

/** Used unless a node is told otherwise. */
export const usualBounds = {
  /** `peerQueueOut`, with room for as many transactions as the other end checks at a time. */
  queue: { messages: 4_096, bytes: 16 * MiB },
  checks: { messages: 64, bytes: 8 * MiB },
  relays: { messages: 4_096, bytes: 2 * MiB },
  greetingMs: 10_000,
  idleMs: 15_000,
  silentMs: 45_000,
  frameMs: 120_000,
  stalledMs: 30_000,
  places: { inbound: 48, outbound: 16, named: 160 },
} as const

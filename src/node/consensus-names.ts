/** Names the kinds of consensus that a chain can be founded with, for commands that load nothing of a chain. */

export const consensusNames = ['bft', 'pos', 'dpos', 'pow', 'hybrid'] as const

/** One of them. */
export type ConsensusName = (typeof consensusNames)[number]

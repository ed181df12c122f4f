/** Reads from a node's words why it does not take a transaction. */

/**
 * - `known`: it has this very transaction.
 * - `nonce-used`: a transaction of this nonce is in the chain.
 * - `nonce-taken`: another transaction of this nonce waits, and this one does not pay enough more.
 * - `fee-too-low`: it pays too little for this node at this time.
 * - `no-funds`: the account cannot pay for it.
 * - `busy`: the node has no room now.
 * - `other`: anything else.
 */
export type Refusal =
  | 'known'
  | 'nonce-used'
  | 'nonce-taken'
  | 'fee-too-low'
  | 'no-funds'
  | 'busy'
  | 'other'

/** Words of geth, Erigon, Nethermind, Besu, Hardhat and anvil; the first that match decide. */
const words: readonly (readonly [RegExp, Refusal])[] = [
  [/already ?(known|imported|exists)|known transaction|existing tx with same hash/, 'known'],
  [/nonce (is )?too (low|small)|invalid nonce|oldnonce/, 'nonce-used'],
  [/replacement|could not replace/, 'nonce-taken'],
  [/insufficient ?funds|(doesn't|does not) have enough funds|exceeds account balance/, 'no-funds'],
  [
    /underpriced|base ?fee|fee ?too ?low|too low for the next block|minimum gas price/,
    'fee-too-low',
  ],
  [/pool is full|queue is full|limit exceeded|too many/, 'busy'],
]

/** Why a node refused a transaction. */
export function refusalOf(message: string): Refusal {
  const text = message.toLowerCase()
  return words.find(([pattern]) => pattern.test(text))?.[1] ?? 'other'
}

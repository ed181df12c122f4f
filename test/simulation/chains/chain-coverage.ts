/** Lists what must happen in runs of whole chains, so that runs in which nothing happens are noticed. */

import type { ChainEngine } from './chain-plan.ts'

const everywhere = ['restart', 'disk failed', 'transactions in a block'] as const
const whereSetsChange = ['the set changed', 'a validator joined', 'a validator left'] as const
const whereWeighed = [...whereSetsChange, 'a weight changed'] as const
const whereVotes = [
  ...['restart in a height', 'the log of this validator is not there', 'synced block'],
  ...['helped', 'asked: decided', 'checked: valid', 'checked: invalid', 'checked: too-early'],
  ...['decided in a later round', 'decided an older block'],
  ...['evidence double-vote', 'evidence double-proposal', 'whoever signed twice was punished'],
  ...['blamed: bad-encoding', 'blamed: bad-signature'],
] as const

/** By engine. */
export const mustHappenInChains: Readonly<Record<ChainEngine, readonly string[]>> = {
  bft: [...everywhere, ...whereVotes, ...whereWeighed],
  pow: [
    ...[...everywhere, 'reorganisation', 'asked: headers', 'asked: blocks'],
    ...['blamed: bad-encoding', 'nonce found'],
  ],
  pos: [...everywhere, ...whereVotes, ...whereWeighed],
  hybrid: [
    ...[...everywhere, 'reorganisation', 'asked: headers', 'asked: blocks', 'nonce found'],
    ...whereWeighed,
    'a vote of another chain',
    ...['evidence double-vote', 'whoever signed twice was punished', 'checkpoint'],
    ...['checkpoint in a later round', 'decided beside the chain'],
  ],
  dpos: [...everywhere, ...whereVotes, ...whereSetsChange],
}

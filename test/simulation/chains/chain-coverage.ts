/** Lists what must happen in runs of whole chains, so that runs in which nothing happens are noticed. */

import type { ChainEngine } from './chain-plan.ts'

const everywhere = ['restart', 'disk failed', 'transactions in a block'] as const
const whereElected = ['the set changed'] as const
const whereVotes = [
  ...['restart in a height', 'the log of this validator is not there', 'synced block'],
  ...['helped', 'asked: decided', 'checked: valid', 'checked: invalid', 'checked: too-early'],
  ...['decided in a later round', 'decided an older block'],
  ...['evidence double-vote', 'evidence double-proposal'],
  ...['blamed: bad-encoding', 'blamed: bad-signature'],
] as const

/** By engine. */
export const mustHappenInChains: Readonly<Record<ChainEngine, readonly string[]>> = {
  bft: [...everywhere, ...whereVotes],
  pow: [
    ...[...everywhere, 'reorganisation', 'asked: headers', 'asked: blocks'],
    ...['blamed: bad-encoding', 'nonce found'],
  ],
  pos: [...everywhere, ...whereVotes],
  hybrid: [
    ...[...everywhere, 'reorganisation', 'asked: headers', 'asked: blocks', 'nonce found'],
    ...['evidence double-vote', 'checkpoint'],
    ...['checkpoint in a later round', 'decided beside the chain'],
  ],
  dpos: [...everywhere, ...whereVotes, ...whereElected],
}

/** Describes what travels in a run. */

import type { Certificate, ConsensusMessage } from '../../src/chain/consensus/messages.ts'

/** Messages of validators, and a final block with its certificate, as sync brings it. */
export type Message =
  | ConsensusMessage
  | { readonly kind: 'sync'; readonly block: Uint8Array; readonly certificate: Certificate }

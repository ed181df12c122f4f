/** Describes the methods by which other programs use a chain for their data: the group qs. */

import type { Descriptions } from './description.ts'

const coded = 'what is refused has a code in the data of its error'

export const serviceDescriptions: Descriptions = {
  qs_injectRules: ['What data may be injected, and who signs for it.', [], 'InjectRules'],
  qs_inject: [
    `Puts data into a transaction, which the node signs, or the sender of a draft; ${coded} (\`rpc/no-signer\`, \`rpc/data-too-large\`, \`rpc/data-misfit\`).`,
    ...([['data: Data', 'signed?: SignedBy'], 'Injection'] as const),
  ],
  qs_draftInject: [
    `A transaction with data for its sender to sign; ${coded}.`,
    ...([['data: Data', 'sender: Address'], 'Draft'] as const),
  ],
  qs_injected: [
    'Injected data with the proof of their transaction, by its hash or by an id such as 12-0.',
    ...([['reference: Text'], 'Injected|null'] as const),
  ],
  qs_listInjected: [
    'Injected data by pages, newest first, without their content.',
    ...([['query?: InjectedQuery'], 'InjectedPage'] as const),
  ],
  qs_transactionProof: [
    "The Merkle proof of a transaction against its block's transactionsRoot.",
    ...([['hash: Hash'], 'TransactionProof|null'] as const),
  ],
  qs_finalityProof: [
    `Certificates that lead from a block that the caller trusts to a later one; \`isWhole\` is false for a proof that ends before it, and the next one goes on from its last block; ${coded} (\`rpc/no-proof\`).`,
    ...([['from?: Quantity', 'to?: BlockNumber'], 'FinalityProof'] as const),
  ],
  qs_draftTransfer: [
    'A transfer for its sender to sign.',
    ...([['transfer: Transfer'], 'Draft'] as const),
  ],
  qs_sendTransfer: [
    `Takes the signature over a draft, once or again; ${coded} (\`rpc/nonce-moved\`, \`rpc/no-draft\`, \`rpc/bad-signature\`).`,
    ...([['transfer: Transfer', 'signature: Bytes'], 'Hash'] as const),
  ],
  qs_stats: ['How far the chain is, comparably.', [], 'Stats'],
  qs_leap: [`Makes a block now; ${coded} (\`rpc/no-leap\`).`, [], 'Block'],
  qs_discover: [
    `Peers that are known; ${coded} (\`rpc/no-network\`).`,
    ...([['peers?: Text[]'], 'object[]'] as const),
  ],
  qs_consensus: [
    'How the chain is agreed on: finality, who is ahead, and where the votes on the next block stand.',
    ...([[], 'ConsensusView'] as const),
  ],
  qs_validators: [
    'Who signs the next block, and who the one after where that differs; with their public keys if these are asked for.',
    ...([['withKeys?: boolean'], 'ValidatorsView'] as const),
  ],
  qs_evidence: [
    'Double signing that this node has seen and that waits for a block, and whom blocks have punished for it, newest first; `before` is the `next` of the page before.',
    ...([['before?: LooseQuantity', 'limit?: LooseQuantity'], 'EvidencePage'] as const),
  ],
  qs_peers: ['Linked nodes of the chain, and how their links do.', [], 'LinkedPeer[]'],
  qs_blocks: [
    'Blocks with their transactions, oldest first.',
    ...([
      ['from?: LooseQuantity', 'to?: LooseQuantity', 'limit?: LooseQuantity'],
      'BlockPage',
    ] as const),
  ],
  qs_rawBlocks: [
    'Encodings of blocks, oldest first.',
    ...([
      ['from?: LooseQuantity', 'to?: LooseQuantity', 'limit?: LooseQuantity'],
      'RawBlockPage',
    ] as const),
  ],
}

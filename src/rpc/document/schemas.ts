/** Describes the values of Ethereum JSON-RPC as JSON Schema, for the OpenRPC document. */

import type { Json } from '../../base/json-rpc.ts'

/** A JSON Schema. */
export type Schema = { readonly [keyword: string]: Json }

/** A value by the name of its schema. */
function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` }
}

const hex = (pattern: string, description: string): Schema => ({
  ...{ type: 'string', pattern: `^0x${pattern}$`, description },
})

/** Fields as `name: Type`, with a question mark behind the name of one that may be absent. */
function fields(description: string, ...lines: readonly string[]): Schema {
  const read = lines.map((line) => {
    const [, name = '', mark, type = ''] = /^(\w+)(\??): (.+)$/.exec(line) ?? []
    return { name, isOptional: mark === '?', type }
  })
  return {
    type: 'object',
    description,
    properties: Object.fromEntries(read.map(({ name, type }) => [name, typeOf(type)])),
    required: read.filter(({ isOptional }) => !isOptional).map(({ name }) => name),
  }
}

/**
 * The schema of a type as it is written in descriptions: a name of a schema or of JSON, `[]` behind it for a list,
 * `{}` for an object that has such values, `|` between alternatives.
 */
export function typeOf(type: string): Schema {
  const choices = type.split('|').map((one) => one.trim())
  if (choices.length > 1) return { anyOf: choices.map(typeOf) }
  if (type.endsWith('[]')) return { type: 'array', items: typeOf(type.slice(0, -2)) }
  if (type.endsWith('{}'))
    return { type: 'object', additionalProperties: typeOf(type.slice(0, -2)) }
  if (type === 'any') return {}
  const plain = ['string', 'number', 'integer', 'boolean', 'object', 'null']
  return plain.includes(type) ? { type } : ref(type)
}

const plainValues: Readonly<Record<string, Schema>> = {
  Text: { type: 'string' },
  Quantity: hex('(0|[1-9a-f][0-9a-f]{0,63})', 'An unsigned integer of at most 256 bits'),
  LooseQuantity: { anyOf: [{ type: 'integer', minimum: 0 }, ref('Quantity')] },
  Bytes: hex('([0-9a-fA-F]{2})*', 'Bytes of any length'),
  Address: hex('[0-9a-fA-F]{40}', 'An address of 20 bytes'),
  Hash: hex('[0-9a-fA-F]{64}', 'A hash of 32 bytes'),
  Word: hex('[0-9a-fA-F]{64}', 'A word of 32 bytes'),
  Slot: hex('[0-9a-fA-F]{0,64}', 'The key of a storage slot'),
  Nonce: hex('[0-9a-f]{16}', 'Eight bytes'),
  Bloom: hex('[0-9a-f]{512}', 'A bloom filter of 256 bytes'),
  BlockTag: {
    enum: ['latest', 'safe', 'finalized', 'earliest', 'pending'],
    description: 'A block by its role in the chain',
  },
  BlockNumber: {
    anyOf: [ref('BlockTag'), ref('Quantity')],
    description: 'A block by tag or number',
  },
  BlockReference: {
    anyOf: [
      ...[ref('BlockTag'), ref('Quantity'), ref('Hash')],
      fields('A block by hash (EIP-1898)', 'blockHash: Hash', 'requireCanonical?: boolean'),
      fields('A block by number (EIP-1898)', 'blockNumber: BlockNumber'),
    ],
    description: 'A block by tag, number or hash',
  },
}

const transactions: Readonly<Record<string, Schema>> = {
  AccessListEntry: fields(
    'Storage that is announced (EIP-2930)',
    ...['address: Address', 'storageKeys: Word[]'],
  ),
  Authorization: fields(
    'A delegation of an account to code (EIP-7702)',
    ...['chainId: Quantity', 'address: Address', 'nonce: Quantity'],
    ...['yParity?: Quantity', 'r?: Quantity|Word', 's?: Quantity|Word'],
  ),
  CallRequest: fields(
    'A transaction as a client describes it; `input` and `data` mean the same',
    ...['from?: Address', 'to?: Address|null', 'gas?: Quantity', 'value?: Quantity'],
    ...['input?: Bytes', 'data?: Bytes', 'nonce?: Quantity', 'type?: Quantity'],
    ...['gasPrice?: Quantity', 'maxFeePerGas?: Quantity', 'maxPriorityFeePerGas?: Quantity'],
    ...['chainId?: Quantity', 'accessList?: AccessListEntry[]'],
    ...['authorizationList?: Authorization[]', 'blobVersionedHashes?: Hash[]'],
    'maxFeePerBlobGas?: Quantity',
  ),
  Transaction: fields(
    'A transaction; what says where it stands is null while it waits',
    ...['hash: Hash', 'type: Quantity', 'from?: Address', 'to: Address|null', 'nonce: Quantity'],
    ...['gas: Quantity', 'value: Quantity', 'input: Bytes', 'gasPrice: Quantity'],
    ...['maxFeePerGas?: Quantity', 'maxPriorityFeePerGas?: Quantity', 'chainId?: Quantity'],
    ...['accessList?: AccessListEntry[]', 'authorizationList?: Authorization[]'],
    ...['maxFeePerBlobGas?: Quantity', 'blobVersionedHashes?: Hash[]'],
    ...['v: Quantity', 'yParity?: Quantity', 'r: Quantity', 's: Quantity'],
    ...['blockHash?: Hash|null', 'blockNumber?: Quantity|null', 'blockTimestamp?: Quantity|null'],
    'transactionIndex?: Quantity|null',
  ),
  EncodedTransaction: fields('A transaction with its encoding', 'raw: Bytes', 'tx: Transaction'),
  Log: fields(
    'A log of a contract',
    ...['address: Address', 'topics: Word[]', 'data: Bytes', 'blockNumber: Quantity|null'],
    ...['transactionHash: Hash|null', 'transactionIndex: Quantity|null', 'blockHash: Hash|null'],
    ...['blockTimestamp?: Quantity', 'logIndex: Quantity|null', 'removed: boolean'],
  ),
  Receipt: fields(
    'What a transaction did; before Byzantium `root` stands in place of `status`',
    ...['transactionHash: Hash', 'transactionIndex: Quantity', 'blockHash: Hash'],
    ...['blockNumber: Quantity', 'from: Address', 'to: Address|null', 'type: Quantity'],
    ...['contractAddress: Address|null', 'gasUsed: Quantity', 'cumulativeGasUsed: Quantity'],
    ...['effectiveGasPrice: Quantity', 'logs: Log[]', 'logsBloom: Bloom', 'status?: Quantity'],
    ...['root?: Hash', 'blobGasUsed?: Quantity', 'blobGasPrice?: Quantity'],
  ),
}

const headerFields = [
  ...['number: Quantity', 'hash: Hash|null', 'parentHash: Hash', 'sha3Uncles: Hash'],
  ...['miner: Address|null', 'stateRoot: Hash', 'transactionsRoot: Hash', 'receiptsRoot: Hash'],
  ...['logsBloom: Bloom', 'difficulty: Quantity', 'gasLimit: Quantity', 'gasUsed: Quantity'],
  ...['timestamp: Quantity', 'extraData: Bytes', 'mixHash: Hash', 'nonce: Nonce|null'],
  ...['baseFeePerGas?: Quantity', 'withdrawalsRoot?: Hash', 'blobGasUsed?: Quantity'],
  ...['excessBlobGas?: Quantity', 'parentBeaconBlockRoot?: Hash', 'requestsHash?: Hash'],
]

const blockFields = [
  ...headerFields,
  ...['size: Quantity', 'transactions: Hash[]|Transaction[]', 'uncles: Hash[]'],
  'withdrawals?: Withdrawal[]',
]

const blocks: Readonly<Record<string, Schema>> = {
  Withdrawal: fields(
    'Gwei paid out to an account (EIP-4895)',
    ...['index: Quantity', 'validatorIndex: Quantity', 'address: Address', 'amount: Quantity'],
  ),
  Header: fields('A header', ...headerFields),
  Block: fields('A block', ...blockFields),
  FeeHistory: fields(
    'Fees of the last blocks, oldest first; base fees go one block further',
    ...['oldestBlock: Quantity', 'baseFeePerGas: Quantity[]', 'gasUsedRatio: number[]'],
    ...['baseFeePerBlobGas?: Quantity[]', 'blobGasUsedRatio?: number[]', 'reward?: Quantity[][]'],
  ),
  LogQuery: fields(
    'Which logs are wanted; a topic may be null for any, or a list of alternatives',
    ...['fromBlock?: BlockNumber|null', 'toBlock?: BlockNumber|null', 'blockHash?: Hash|null'],
    ...['address?: Address|Address[]|null', 'topics?: any[]|null'],
  ),
  Proof: fields(
    'An account with the nodes of the trie that prove it (EIP-1186)',
    ...['address: Address', 'balance: Quantity', 'nonce: Quantity', 'codeHash: Hash'],
    ...['storageHash: Hash', 'accountProof: Bytes[]', 'storageProof: SlotProof[]'],
  ),
  SlotProof: fields('A slot with its proof', 'key: Slot', 'value: Quantity', 'proof: Bytes[]'),
}

const calls: Readonly<Record<string, Schema>> = {
  AccountOverride: fields(
    'What an account is taken to hold; `state` is all its storage, `stateDiff` what differs',
    ...['balance?: Quantity', 'nonce?: Quantity', 'code?: Bytes', 'state?: Bytes{}'],
    ...['stateDiff?: Bytes{}', 'movePrecompileToAddress?: Address'],
  ),
  BlockOverride: fields(
    'What the block is taken to be',
    ...['number?: Quantity', 'time?: Quantity', 'gasLimit?: Quantity', 'feeRecipient?: Address'],
    ...['prevRandao?: Hash', 'baseFeePerGas?: Quantity', 'blobBaseFee?: Quantity'],
    ...['difficulty?: Quantity', 'beaconRoot?: Hash', 'withdrawals?: Withdrawal[]'],
  ),
  AccessListResult: fields(
    'What a call would touch, and the gas it would use then',
    ...['accessList: AccessListEntry[]', 'gasUsed: Quantity', 'error?: string'],
  ),
  Simulation: fields(
    'Blocks to imagine, each with overrides and calls',
    ...['blockStateCalls: BlockStateCalls[]', 'validation?: boolean', 'traceTransfers?: boolean'],
    'returnFullTransactions?: boolean',
  ),
  BlockStateCalls: fields(
    'One block to imagine',
    ...['blockOverrides?: BlockOverride', 'stateOverrides?: AccountOverride{}'],
    'calls?: CallRequest[]',
  ),
  CallError: fields('Why a call failed', 'code: integer', 'message: string', 'data?: Bytes'),
  SimulatedCall: fields(
    'How an imagined call ended',
    ...['returnData: Bytes', 'logs: Log[]', 'gasUsed: Quantity', 'maxUsedGas: Quantity'],
    ...['status: Quantity', 'error?: CallError'],
  ),
  SimulatedBlock: fields('A block that was imagined', ...blockFields, 'calls: SimulatedCall[]'),
  PayloadAttributes: fields(
    'What a block to build shall have',
    ...['timestamp: Quantity', 'prevRandao: Hash', 'suggestedFeeRecipient: Address'],
    ...['withdrawals?: Withdrawal[]|null', 'parentBeaconBlockRoot?: Hash|null'],
  ),
  BuiltPayload: fields(
    'A block that was built, as the engine API writes it',
    ...['executionPayload: object', 'blockValue: Quantity', 'blobsBundle: object'],
    ...['executionRequests: Bytes[]', 'shouldOverrideBuilder: boolean'],
  ),
}

const injectedFields = [
  ...['id: string|null', 'transactionHash: Hash', 'blockHash: Hash|null'],
  ...['blockNumber: Quantity|null', 'transactionIndex: Quantity|null', 'timestamp: Quantity|null'],
  ...['isFinal: boolean', 'sender: Address', 'mediaType: string', 'schema: Hash|null'],
  'size: Quantity',
]

const nodes: Readonly<Record<string, Schema>> = {
  PoolCounts: fields('Transactions that wait', 'pending: Quantity', 'queued: Quantity'),
  PoolContent: fields(
    'Transactions that wait, by sender and nonce',
    ...['pending: Transaction{}{}', 'queued: Transaction{}{}'],
  ),
  SenderContent: fields(
    'Transactions of one sender that wait, by nonce',
    ...['pending: Transaction{}', 'queued: Transaction{}'],
  ),
  PoolSummary: fields(
    'Transactions that wait, each in one line, by sender and nonce',
    ...['pending: string{}{}', 'queued: string{}{}'],
  ),
  ForkConfig: fields(
    'Rules of the chain now, next and at last (EIP-7910)',
    ...['current: object', 'next: object|null', 'last: object|null'],
  ),
  Kept: fields('What is kept of the past', 'disabled: boolean', 'oldestBlock?: Quantity'),
  Capabilities: fields(
    'What the node can be asked about',
    ...['head: object', 'state: Kept', 'tx: Kept', 'logs: Kept', 'receipts: Kept'],
    ...['blocks: Kept', 'stateproofs: Kept'],
  ),
  TraceOptions: {
    ...fields(
      'How to trace; without a tracer every instruction is listed',
      ...['tracer?: string', 'tracerConfig?: object', 'disableStack?: boolean'],
      ...['disableStorage?: boolean', 'enableMemory?: boolean', 'enableReturnData?: boolean'],
      ...['limit?: integer', 'stateOverrides?: AccountOverride{}'],
      'blockOverrides?: BlockOverride',
    ),
  },
  Manifest: {
    ...{ type: 'object', description: 'Everything that is fixed at the birth of a chain' },
    required: ['version', 'name', 'chainId', 'consensus', 'genesis'],
  },
  BirthOptions: fields(
    'How a chain begins; settings are those of the process by name that it shall not share',
    ...['start?: boolean', 'settings?: object'],
  ),
  ForkWish: fields(
    'What a fork is to be; it is of the head, and its consensus that of the parent, unless said',
    ...['name: string', 'chainId: LooseQuantity', 'number?: LooseQuantity', 'consensus?: object'],
  ),
  ChainState: {
    enum: ['creating', 'starting', 'running', 'stopping', 'stopped', 'failed', 'removing'],
    description: 'What a chain does at the moment',
  },
  ParentBlock: fields(
    'The block that a chain was forked from; `chain` is keccak-256 of the manifest of its chain',
    ...['chain: Hash', 'number: Quantity', 'hash: Hash', 'stateRoot: Hash'],
  ),
  ChainStatus: fields(
    'A chain of the process; what a folder does not tell is null',
    ...['name: string', 'chainId: Quantity|null', 'engine: string|null', 'state: ChainState'],
    ...['problem: string|null', 'isFirst: boolean', 'path: string', 'head: object|null'],
    ...['parent: ParentBlock|null', 'portion: number|null'],
  ),
  Data: fields('Data to put into a transaction', ...['mediaType: Text', 'content: Bytes']),
  SignedBy: fields('Who signed the draft, and how', 'sender: Address', 'signature: Bytes'),
  Transfer: fields(
    'Wei from one account to another',
    ...['sender: Address', 'recipient: Address', 'amount: Quantity'],
  ),
  Draft: fields(
    'A transaction without its signature; `hash` is what the sender has to sign, keccak-256 of `raw`',
    ...['transaction: CallRequest', 'raw: Bytes', 'hash: Hash'],
  ),
  InjectRules: fields(
    'What may be injected; without a signer only what callers sign themselves',
    ...[
      'address: Address',
      'maxBytes: Quantity',
      'signer: Address|null',
      'schema: DataSchema|null',
    ],
  ),
  DataSchema: fields(
    'The JSON Schema that data have to fit, and SHA-256 of its text',
    ...['hash: Hash', 'document: any'],
  ),
  Injection: fields('Data on their way', 'transactionHash: Hash', 'sender: Address'),
  InjectedItem: fields(
    'Data in a transaction; what says where it stands is null while it waits',
    ...injectedFields,
  ),
  Injected: fields(
    'The same with content and proof',
    ...[...injectedFields, 'content: Bytes', 'proof: TransactionProof|null'],
  ),
  InjectedQuery: fields(
    'Which data are wanted, newest first',
    'before?: Text',
    'limit?: LooseQuantity',
  ),
  InjectedPage: fields(
    'Data, newest first; a page may be short, and `next` goes on before it',
    ...['items: InjectedItem[]', 'next: string|null'],
  ),
  TransactionProof: fields(
    'The encoded header of a block, and nodes of the trie under its transactionsRoot down to a transaction',
    ...['transactionHash: Hash', 'blockHash: Hash', 'blockNumber: Quantity'],
    ...['transactionIndex: Quantity', 'header: Bytes', 'nodes: Bytes[]'],
  ),
  FinalityStep: fields(
    'A header in RLP, its record of consensus, the set that signed it unless that is the one before, and its certificate',
    ...['header: Bytes', 'record: Bytes', 'validators: Bytes|null', 'certificate: Bytes'],
  ),
  RecordedHeader: fields('A header in RLP, and its record', 'header: Bytes', 'record: Bytes'),
  FinalityProof: fields(
    'The way from a trusted header to the block `number`; `polkas` are the quorums of prevotes of its height that the node saw; docs/finality-proofs.md has the rules',
    ...['chainKey: Hash', 'from: Quantity', 'number: Quantity', 'hash: Hash', 'isWhole: boolean'],
    ...['start: RecordedHeader', 'steps: FinalityStep[]', 'polkas: Bytes[]'],
  ),
  BlockPage: fields(
    'Blocks, oldest first, between the block before them and the last of them; `next` goes on',
    ...['blocks: Block[]', 'parentHash: Hash|null', 'lastHash: Hash|null', 'next: Quantity|null'],
  ),
  RawBlockPage: fields(
    'The same as RLP',
    ...['blocks: Bytes[]', 'parentHash: Hash|null', 'lastHash: Hash|null', 'next: Quantity|null'],
  ),
  BlockName: fields('A block by number and hash', 'number: Quantity', 'hash: Hash'),
  Stats: fields(
    'How far a chain is; of two with the same genesis the heavier one is ahead, but none goes back behind its final block',
    ...['name: string', 'chainId: Quantity', 'engine: string', 'genesisHash: Hash'],
    ...['head: BlockName', 'safe: BlockName', 'finalized: BlockName', 'weight: Weight'],
    ...['waiting: Quantity', 'peers: Quantity'],
  ),
  ConsensusView: fields(
    'How a chain is agreed on; `lag` counts blocks that are not final, `behind` those that the furthest peer says it has more; `degraded` where a committee made nothing final for more than 8 of its checkpoints',
    ...['engine: string', 'head: Quantity', 'finalized: Quantity', 'lag: Quantity'],
    ...['behind: Quantity', 'degraded: boolean', 'mining: object|null', 'voting: Voting|null'],
  ),
  Voting: fields(
    'A height that is voted on; `self` is the validator that this node is',
    ...['height: Quantity', 'round: integer', 'step: string', 'hasProposal: boolean'],
    ...['proposer: Address|null', 'self: Address|null', 'totalWeight: Quantity'],
    ...['validators: object[]', 'evidence: object[]'],
  ),
  ValidatorsView: fields(
    'The set of a height; `contract` is where it is decided on, `signed` how many of the last blocks have the signature of a validator, `absentUntil` the height from which on it has turns again',
    ...['engine: string', 'contract: Address|null', 'height: Quantity', 'totalWeight: Quantity'],
    ...['lastBlocks: integer', 'validators: object[]', 'next: object[]|null', 'bans: object[]'],
  ),
  EvidencePage: fields(
    'Faults of validators: `held` wait for a block, `punished` are those of the last `evidenceHeights` blocks; `next` goes on',
    ...['held: Fault[]', 'punished: Fault[]', 'next: Quantity|null'],
  ),
  Fault: fields(
    'Two messages of one signer for one place; what is null besides `vote` of a proposal and `punishedIn` of what waits lies in a block that is not here',
    ...['validator: Address', 'kind: string|null', 'vote: string|null', 'height: Quantity|null'],
    ...['round: integer|null', 'punishedIn: Quantity|null'],
  ),
  LinkedPeer: fields(
    'A linked node, with the validator that it proved to be and the height that it says it has',
    ...['id: string', 'validator: Address|null', 'height: Quantity|null', 'link: object|null'],
  ),
  Weight: fields(
    'What is compared: work, or height where blocks cost none',
    'by: string',
    'value: Quantity',
  ),
  TransactionTrace: fields('The trace of a transaction', 'txHash: Hash', 'result: object'),
  TypedData: fields(
    'Structured data to sign (EIP-712)',
    ...['types: object', 'primaryType: string', 'domain?: object', 'message?: object'],
  ),
}

/** All named schemas. */
export const schemas: Readonly<Record<string, Schema>> = {
  ...plainValues,
  ...transactions,
  ...blocks,
  ...calls,
  ...nodes,
}

/** Describes the methods that answer questions about blocks, accounts, transactions, logs and fees. */

import type { Descriptions } from './description.ts'

const at = 'block?: BlockReference'
const call = 'call: CallRequest'
const overrides = ['stateOverrides?: AccountOverride{}', 'blockOverrides?: BlockOverride']
const [hash, number, whole] = ['blockHash: Hash', 'block: BlockNumber', 'full?: boolean']

const blockDescriptions: Descriptions = {
  eth_blockNumber: ['Number of the newest block.', [], 'Quantity'],
  eth_getBlockByNumber: [
    'A block, with hashes of its transactions or with all of them.',
    ...([[number, whole], 'Block|null'] as const),
  ],
  eth_getBlockByHash: [
    'A block, with hashes of its transactions or with all of them.',
    ...([[hash, whole], 'Block|null'] as const),
  ],
  eth_getHeaderByNumber: ['A header.', [number], 'Header|null'],
  eth_getHeaderByHash: ['A header.', [hash], 'Header|null'],
  eth_getBlockTransactionCountByNumber: [
    'How many transactions a block has.',
    ...([[number], 'Quantity|null'] as const),
  ],
  eth_getBlockTransactionCountByHash: [
    'How many transactions a block has.',
    ...([[hash], 'Quantity|null'] as const),
  ],
  eth_getBlockReceipts: ['All receipts of a block.', ['block: BlockReference'], 'Receipt[]|null'],
  eth_getUncleCountByBlockNumber: ['How many uncles a block has.', [number], 'Quantity|null'],
  eth_getUncleCountByBlockHash: ['How many uncles a block has.', [hash], 'Quantity|null'],
  eth_getUncleByBlockNumberAndIndex: [
    'An uncle of a block.',
    ...([[number, 'index: Quantity'], 'Block|null'] as const),
  ],
  eth_getUncleByBlockHashAndIndex: [
    'An uncle of a block.',
    ...([[hash, 'index: Quantity'], 'Block|null'] as const),
  ],
  debug_getRawHeader: ['The encoding of a header.', ['block: BlockReference'], 'Bytes'],
  debug_getRawBlock: ['The encoding of a block.', ['block: BlockReference'], 'Bytes'],
  debug_getRawReceipts: ['The encodings of receipts.', ['block: BlockReference'], 'Bytes[]'],
  debug_getRawTransaction: ['The encoding of a transaction.', ['hash: Hash'], 'Bytes'],
  debug_getBadBlocks: ['Blocks that were refused; none is kept.', [], 'any[]'],
}

const accountDescriptions: Descriptions = {
  eth_getBalance: ['Wei that an account holds.', ['address: Address', at], 'Quantity'],
  eth_getTransactionCount: [
    'The nonce of an account; at `pending` the one after its waiting transactions.',
    ...([['address: Address', at], 'Quantity'] as const),
  ],
  eth_getCode: ['The code of an account.', ['address: Address', at], 'Bytes'],
  eth_getStorageAt: ['A slot of storage.', ['address: Address', 'slot: Slot', at], 'Word'],
  eth_getStorageValues: [
    'Slots of several accounts.',
    ...([['slots: Slot[]{}', at], 'Word[]{}'] as const),
  ],
  eth_getProof: [
    'An account and slots of it with their proofs (EIP-1186).',
    ...([['address: Address', 'slots?: Slot[]', at], 'Proof'] as const),
  ],
}

const transactionDescriptions: Descriptions = {
  eth_sendRawTransaction: ['Takes a signed transaction.', ['raw: Bytes'], 'Hash'],
  eth_sendRawTransactionSync: [
    'Takes a signed transaction and waits for its receipt (EIP-7966).',
    ...([['raw: Bytes', 'timeoutMs?: Quantity'], 'Receipt'] as const),
  ],
  eth_getTransactionByHash: [
    'A transaction, in a block or waiting.',
    ...([['hash: Hash'], 'Transaction|null'] as const),
  ],
  eth_getRawTransactionByHash: [
    'The encoding of a transaction, in a block or waiting.',
    ...([['hash: Hash'], 'Bytes|null'] as const),
  ],
  eth_getTransactionByBlockNumberAndIndex: [
    'A transaction by its place.',
    ...([[number, 'index: Quantity'], 'Transaction|null'] as const),
  ],
  eth_getTransactionByBlockHashAndIndex: [
    'A transaction by its place.',
    ...([[hash, 'index: Quantity'], 'Transaction|null'] as const),
  ],
  eth_getTransactionReceipt: [
    'What a transaction did; null while it is in no block.',
    ...([['hash: Hash'], 'Receipt|null'] as const),
  ],
}

const callDescriptions: Descriptions = {
  eth_call: [
    'Runs code without leaving anything behind.',
    ...([[call, at, ...overrides], 'Bytes', [3]] as const),
  ],
  eth_estimateGas: [
    'The least gas with which a transaction succeeds.',
    ...([[call, at, ...overrides], 'Quantity', [3]] as const),
  ],
  eth_createAccessList: [
    'The storage that a transaction touches (EIP-2930).',
    ...([[call, at, 'stateOverrides?: AccountOverride{}'], 'AccessListResult'] as const),
  ],
  eth_simulateV1: [
    'Imagines blocks of calls, each on the state of the one before.',
    ['simulation: Simulation', at],
    'SimulatedBlock[]',
    [-38010, -38011, -38012, -38013, -38014, -38015, -38020, -38021, -38024, -38025, -38026],
  ],
  testing_buildBlockV1: [
    'Builds a block without adding it to the chain; with null of the transactions that wait.',
    [
      ...['parentHash: Hash', 'attributes: PayloadAttributes', 'transactions?: Bytes[]|null'],
      'extraData?: Bytes',
    ],
    'BuiltPayload',
  ],
}

const options = 'options?: TraceOptions'

const traceDescriptions: Descriptions = {
  debug_traceTransaction: [
    'Runs a transaction of a block again, and tells what its code did.',
    ...([['hash: Hash', options], 'object', [-32003]] as const),
  ],
  debug_traceBlockByNumber: [
    'Runs the transactions of a block again, and tells what their code did.',
    ...([['block: BlockNumber', options], 'TransactionTrace[]', [-32003]] as const),
  ],
  debug_traceBlockByHash: [
    'Runs the transactions of a block again, and tells what their code did.',
    ...([['blockHash: Hash', options], 'TransactionTrace[]', [-32003]] as const),
  ],
  debug_traceBlock: [
    'The same for a block of the chain that is given by its encoding.',
    ...([['raw: Bytes', options], 'TransactionTrace[]', [-32003]] as const),
  ],
  debug_traceCall: [
    'Runs a call, and tells what its code did.',
    ...([[call, at, options], 'object', [-32003]] as const),
  ],
}

const logDescriptions: Descriptions = {
  eth_getLogs: ['Logs that match a query, oldest first.', ['query: LogQuery'], 'Log[]', [-32005]],
  eth_newFilter: ['Opens a filter of logs.', ['query: LogQuery'], 'Quantity', [-32005]],
  eth_newBlockFilter: ['Opens a filter of new blocks.', [], 'Quantity', [-32005]],
  eth_newPendingTransactionFilter: [
    'Opens a filter of transactions that come into the pool.',
    ...([['full?: boolean'], 'Quantity', [-32005]] as const),
  ],
  eth_getFilterChanges: [
    'What happened since the last time: hashes, or logs.',
    ...([['id: string'], 'Hash[]|Log[]'] as const),
  ],
  eth_getFilterLogs: ['All logs of a filter of logs.', ['id: string'], 'Log[]', [-32005]],
  eth_uninstallFilter: ['Closes a filter.', ['id: string'], 'boolean'],
  eth_subscribe: [
    'Tells of newHeads, logs, newPendingTransactions or syncing, over WebSocket and IPC.',
    ...([['kind: string', 'argument?: any'], 'Quantity', [-32005, -32601]] as const),
  ],
  eth_unsubscribe: ['Ends a subscription.', ['id: string'], 'boolean', [-32601]],
}

const feeDescriptions: Descriptions = {
  eth_gasPrice: ['Wei per gas that get a transaction into a block.', [], 'Quantity'],
  eth_maxPriorityFeePerGas: ['Wei per gas beyond the base fee that do.', [], 'Quantity'],
  eth_baseFee: ['Base fee of the next block, in wei per gas.', [], 'Quantity'],
  eth_blobBaseFee: ['Wei per blob gas.', [], 'Quantity'],
  eth_feeHistory: [
    'Fees of the last blocks, with the tips at percentiles of their gas.',
    ['count: LooseQuantity', 'newest: BlockNumber', 'percentiles?: number[]'],
    'FeeHistory',
  ],
}

/** All of them. */
export const chainDescriptions: Descriptions = {
  ...blockDescriptions,
  ...accountDescriptions,
  ...transactionDescriptions,
  ...callDescriptions,
  ...traceDescriptions,
  ...logDescriptions,
  ...feeDescriptions,
}

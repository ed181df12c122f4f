/** Describes the methods about the node itself, its accounts, its pool, and its development chain. */

import type { Descriptions } from './description.ts'

const nodeDescriptions: Descriptions = {
  web3_clientVersion: ['Name and version of the program.', [], 'string'],
  web3_sha3: ['keccak-256 of bytes.', ['data: Bytes'], 'Hash'],
  net_version: ['The chain id, in decimal.', [], 'string'],
  net_listening: ['Whether the node can be reached.', [], 'boolean'],
  net_peerCount: ['How many other nodes are connected.', [], 'Quantity'],
  rpc_modules: ['Groups of methods.', [], 'string{}'],
  rpc_discover: ['This document.', [], 'object'],
  eth_chainId: ['The chain id.', [], 'Quantity'],
  eth_syncing: ['Whether the node is behind.', [], 'boolean|object'],
  eth_accounts: ['Accounts for which the node signs.', [], 'Address[]'],
  eth_coinbase: ['Who gets the fees of blocks.', [], 'Address'],
  eth_mining: ['Whether the node seals blocks by work.', [], 'boolean'],
  eth_hashrate: ['Digests a second that its threads compute for that.', [], 'Quantity'],
  eth_getWork: [
    "The block whose seal is searched: seal hash, the chain's key, highest digest, number.",
    ...([[], 'string[]'] as const),
  ],
  eth_submitWork: [
    'Takes a nonce for that block, and says whether it seals it; the last value is not looked at.',
    ...([['nonce: Bytes', 'sealHash: Hash', 'digest: Hash'], 'boolean'] as const),
  ],
  eth_config: ['Rules of the chain now, next and at last (EIP-7910).', [], 'ForkConfig'],
  eth_capabilities: ['What the node can be asked about.', [], 'Capabilities'],
  admin_nodeInfo: ['Name of the node, and its chain.', [], 'object'],
  admin_datadir: ["Folder of the node's data.", [], 'string'],
  admin_peers: ['Other nodes that are connected.', [], 'object[]'],
  txpool_status: ['How many transactions wait.', [], 'PoolCounts'],
  txpool_content: ['All transactions that wait.', [], 'PoolContent'],
  txpool_contentFrom: ['What one sender has waiting.', ['address: Address'], 'SenderContent'],
  txpool_inspect: ['All transactions that wait, each in one line.', [], 'PoolSummary'],
}

const signingDescriptions: Descriptions = {
  eth_sendTransaction: [
    'Fills in, signs and takes a transaction of an own account.',
    ...([['transaction: CallRequest'], 'Hash', [3]] as const),
  ],
  eth_sendUnsignedTransaction: [
    'Fills in and takes a transaction of any account, without a signature.',
    ...([['transaction: CallRequest'], 'Hash', [3]] as const),
  ],
  eth_signTransaction: [
    'Signs a transaction of an own account.',
    ...([['transaction: CallRequest'], 'EncodedTransaction', [3]] as const),
  ],
  eth_fillTransaction: [
    'Fills in nonce, gas and fees of a transaction.',
    ...([['transaction: CallRequest'], 'EncodedTransaction', [3]] as const),
  ],
  eth_sign: ['Signs a message (EIP-191).', ['address: Address', 'message: Bytes'], 'Bytes'],
  personal_sign: [
    'Signs a message (EIP-191).',
    ...([['message: Bytes', 'address: Address', 'password?: Text'], 'Bytes'] as const),
  ],
  personal_ecRecover: [
    'Who signed a message.',
    ...([['message: Bytes', 'signature: Bytes'], 'Address'] as const),
  ],
  eth_signTypedData_v4: [
    'Signs structured data (EIP-712), given as an object or as its JSON text.',
    ...([['address: Address', 'data: TypedData|string'], 'Bytes'] as const),
  ],
}

const refusals = 'What is refused has the code of its reason in the data (`chain/name-taken`).'

const chainSet: Descriptions = {
  qs_chains: ['All chains of the process.', [], 'ChainStatus[]'],
  qs_chain: ['One chain of the process.', ['name: Text'], 'ChainStatus'],
  qs_bang: [
    `Gives birth to a chain, and starts it. ${refusals}`,
    ...([['manifest: Manifest', 'options?: BirthOptions'], 'ChainStatus'] as const),
  ],
  qs_fork: [
    `Gives birth to a chain with the state after a block of another one, and starts it. ${refusals}`,
    ...([['name: Text', 'wish: ForkWish', 'options?: BirthOptions'], 'ChainStatus'] as const),
  ],
  qs_startChain: [
    `Starts a chain, now and with the process. ${refusals}`,
    ...([['name: Text'], 'ChainStatus'] as const),
  ],
  qs_stopChain: [
    `Stops a chain until it is started by name. ${refusals}`,
    ...([['name: Text'], 'ChainStatus'] as const),
  ],
  qs_removeChain: [
    `Removes a stopped chain with all its data. ${refusals}`,
    ...([['name: Text'], 'boolean'] as const),
  ],
}

const development: Descriptions = {
  evm_mine: [
    'Seals blocks now; a timestamp is that of the first.',
    ...([['blocks?: any'], 'string'] as const),
  ],
  evm_setAutomine: ['Whether each transaction gets a block at once.', ['on: boolean'], 'boolean'],
  evm_setIntervalMining: [
    'Milliseconds between blocks; 0 ends blocks by interval.',
    ...([['interval: LooseQuantity'], 'boolean'] as const),
  ],
  evm_increaseTime: [
    "Moves the chain's clock forward; gives the seconds in all.",
    ...([['seconds: LooseQuantity'], 'string'] as const),
  ],
  evm_setNextBlockTimestamp: [
    'Chooses the time of the next block.',
    ...([['timestamp: LooseQuantity'], 'string'] as const),
  ],
  evm_setBlockGasLimit: [
    'Chooses the gas limit of blocks to come.',
    ...([['gasLimit: LooseQuantity'], 'boolean'] as const),
  ],
  evm_snapshot: ['Marks where the chain is.', [], 'Quantity'],
  evm_revert: ['Takes the chain back to a mark.', ['id: string'], 'boolean'],
  anvil_nodeInfo: ['Settings of the development node.', [], 'object'],
  anvil_dropAllTransactions: ['Empties the pool.', [], 'null'],
  anvil_removePoolTransactions: [
    'Drops what a sender has waiting.',
    ...([['address: Address'], 'null'] as const),
  ],
}

const tools: Descriptions = {
  mine: [
    'Seals blocks, with seconds between them.',
    ...([['count?: LooseQuantity', 'interval?: LooseQuantity'], 'boolean'] as const),
  ],
  reset: ['Takes the chain back to its first block.', ['options?: object'], 'boolean'],
  metadata: ['Name of the node, and where its chain is.', [], 'object'],
  getAutomine: ['Whether each transaction gets a block at once.', [], 'boolean'],
  dropTransaction: ['Drops a waiting transaction.', ['hash: Hash'], 'boolean'],
  setBalance: ['Sets wei.', ['address: Address', 'wei: Quantity'], 'boolean'],
  setNonce: ['Sets a nonce.', ['address: Address', 'nonce: Quantity'], 'boolean'],
  setCode: ['Sets code.', ['address: Address', 'code: Bytes'], 'boolean'],
  setStorageAt: [
    'Sets a slot.',
    ...([['address: Address', 'slot: Slot', 'value: Bytes'], 'boolean'] as const),
  ],
  setCoinbase: ['Chooses who gets the fees.', ['address: Address'], 'boolean'],
  setPrevRandao: ['Chooses the mix of the next block.', ['mix: Hash'], 'boolean'],
  setNextBlockBaseFeePerGas: [
    'Chooses the base fee of the next block.',
    ...([['wei: Quantity'], 'boolean'] as const),
  ],
  setLoggingEnabled: ['Does nothing; tools ask for it.', ['on: boolean'], 'boolean'],
  impersonateAccount: ['Lets an account send without a key.', ['address: Address'], 'boolean'],
  stopImpersonatingAccount: ['Ends that.', ['address: Address'], 'boolean'],
  autoImpersonateAccount: ['Lets all accounts send without a key.', ['on: boolean'], 'boolean'],
}

/** Of methods that are always there. */
export const alwaysDescriptions: Descriptions = {
  ...nodeDescriptions,
  ...signingDescriptions,
}

/** Of methods that are there at the root path only, for all chains. */
export const chainSetDescriptions: Descriptions = chainSet

/** Of methods of development chains. */
export const developmentDescriptions: Descriptions = {
  ...development,
  ...Object.fromEntries(
    ['hardhat', 'anvil'].flatMap((tool) =>
      Object.entries(tools).map(([name, description]) => [`${tool}_${name}`, description]),
    ),
  ),
}

/** Makes the first block of a chain from its manifest. */

import { requestsHash } from './evm/requests.ts'
import { systemAccounts } from './evm/system-contracts.ts'
import type { ExecutedBlock, Header } from './ledger/block.ts'
import { emptyOmmersHash, headerHash } from './ledger/block-codec.ts'
import type { Manifest } from './ledger/manifest.ts'
import type { State } from './state/state.ts'
import { emptyRoot } from './state/trie.ts'
import { genesisState } from './state/trie-state.ts'

/** The block of number 0 and the state after it; the contracts of the protocol are there from birth. */
export function genesisOf(manifest: Manifest): { executed: ExecutedBlock; state: State } {
  const { genesis, hardfork } = manifest
  const named = new Set(genesis.accounts.map(({ address }) => address.toHex()))
  const system = systemAccounts(hardfork).filter(({ address }) => !named.has(address.toHex()))
  const state = genesisState([...genesis.accounts, ...system])
  const zero = new Uint8Array(32)
  const header: Header = {
    parentHash: zero,
    ommersHash: emptyOmmersHash,
    beneficiary: new Uint8Array(20),
    stateRoot: state.root,
    transactionsRoot: emptyRoot,
    receiptsRoot: emptyRoot,
    logsBloom: new Uint8Array(256),
    difficulty: 0n,
    number: 0n,
    gasLimit: genesis.gasLimit,
    gasUsed: 0n,
    timestamp: genesis.timestamp,
    extraData: genesis.extraData,
    mixHash: zero,
    nonce: new Uint8Array(8),
    baseFeePerGas: genesis.baseFeePerGas,
    withdrawalsRoot: emptyRoot,
    blobGasUsed: 0n,
    excessBlobGas: 0n,
    parentBeaconBlockRoot: zero,
    requestsHash: requestsHash([]),
  }
  const block = { header, hash: headerHash(header), transactions: [], ommers: [], withdrawals: [] }
  return { executed: { block, receipts: [], senders: [], transactionHashes: [] }, state }
}

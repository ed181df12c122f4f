/** Makes the first block of a chain from its manifest. */

import { AppError } from '../base/app-error.ts'
import { equalBytes, toHex } from '../base/bytes.ts'
import { engineBirth } from './consensus/birth.ts'
import { validatorContract } from './consensus/birth-contract.ts'
import { requestsHash } from './evm/requests.ts'
import { systemAccounts } from './evm/system-contracts.ts'
import type { Block, ExecutedBlock, Header } from './ledger/block.ts'
import { emptyOmmersHash, headerHash } from './ledger/block-codec.ts'
import { type Hardfork, isAtLeast } from './ledger/fork-rules.ts'
import { chainRules } from './ledger/fork-schedule.ts'
import { type GenesisAccount, isOwn, type Manifest } from './ledger/manifest.ts'
import type { Hash } from './ledger/transaction.ts'
import { emptyRoot } from './state/ordered-root.ts'
import type { State } from './state/state.ts'
import { genesisState } from './state/trie-state.ts'

/** The block of number 0 and the state after it, of a chain that names its accounts. */
export function genesisOf(manifest: Manifest): { executed: ExecutedBlock; state: State } {
  const state = genesisState(birthAccounts(manifest))
  return { executed: genesisBlock(manifest, state.root), state }
}

/** The block of number 0, when the root of its state is known. */
export function genesisBlock(manifest: Manifest, stateRoot: Hash): ExecutedBlock {
  const header = headerOf(manifest, stateRoot)
  const withdrawals = header.withdrawalsRoot === undefined ? undefined : []
  const record = engineBirth(manifest.consensus)?.record
  const block: Block = {
    ...{ header, hash: headerHash(header), transactions: [], ommers: [], withdrawals },
    ...(record && { record }),
  }
  return { block, receipts: [], senders: [], transactionHashes: [] }
}

/**
 * The first accounts: own chains have the contracts of the protocol, and that of their validators; others what their
 * genesis says.
 *
 * @throws AppError `chain/reserved-account` when the manifest names the account of the contract of validators
 */
export function birthAccounts({ genesis, forks, consensus }: Manifest): Iterable<GenesisAccount> {
  const newest = forks.at(-1)?.hardfork
  if (!isOwn(consensus) || newest === undefined) return genesis.accounts
  const accounts = [...genesis.accounts]
  const own = systemAccounts(newest)
  const names = new Set(own.map(({ address }) => address.toHex()))
  const named = new Set(
    accounts.map(({ address }) => address.toHex()).filter((name) => names.has(name)),
  )
  const contracts = own.filter(({ address }) => !named.has(address.toHex()))
  const validators = validatorContract(consensus)
  if (validators === undefined) return [...accounts, ...contracts]
  const isReserved = ({ address }: GenesisAccount) => equalBytes(address, validators.address)
  if (!accounts.some(isReserved)) return [...accounts, ...contracts, validators]
  const message = `the manifest names the account ${toHex(validators.address)}, which the contract of the validators has; leave it out`
  throw new AppError({ code: 'chain/reserved-account', message })
}

function headerOf(manifest: Manifest, stateRoot: Hash): Header {
  const { genesis, consensus } = manifest
  const zero = new Uint8Array(32)
  const birth = engineBirth(consensus)
  const { difficulty = birth?.difficulty ?? 0n, timestamp } = genesis
  const { hardfork } = chainRules(manifest).rulesAt({ number: 0n, timestamp, difficulty })
  return {
    parentHash: zero,
    ommersHash: emptyOmmersHash,
    beneficiary: genesis.beneficiary ?? new Uint8Array(20),
    stateRoot,
    transactionsRoot: emptyRoot,
    receiptsRoot: emptyRoot,
    logsBloom: new Uint8Array(256),
    ...{ difficulty, number: 0n, gasLimit: genesis.gasLimit, gasUsed: 0n, timestamp },
    extraData: birth?.extraData ?? genesis.extraData,
    mixHash: genesis.mixHash ?? zero,
    nonce: genesis.nonce ?? new Uint8Array(8),
    // Headers of own chains have all fields, whichever rules they run by.
    ...laterFields(manifest, isOwn(consensus) ? 'osaka' : hardfork),
  }
}

/** The fields that headers have since a fork. */
function laterFields({ genesis }: Manifest, hardfork: Hardfork): Partial<Header> {
  const { baseFeePerGas, blobGasUsed = 0n, excessBlobGas = 0n } = genesis
  const cancun = { blobGasUsed, excessBlobGas, parentBeaconBlockRoot: new Uint8Array(32) }
  return {
    ...(isAtLeast(hardfork, 'london') ? { baseFeePerGas } : {}),
    ...(isAtLeast(hardfork, 'shanghai') ? { withdrawalsRoot: emptyRoot } : {}),
    ...(isAtLeast(hardfork, 'cancun') ? cancun : {}),
    ...(isAtLeast(hardfork, 'prague') ? { requestsHash: requestsHash([]) } : {}),
  }
}

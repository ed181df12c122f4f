/** Does what the protocol itself does at the start and at the end of a block. */

import { equalBytes, fromHex } from '../../base/bytes.ts'
import type { Header, Receipt, Withdrawal } from '../ledger/block.ts'
import { type DaoFork, isAtLeast, type Rules } from '../ledger/fork-rules.ts'
import type { LogList } from '../ledger/log-list.ts'
import type { Address } from '../ledger/transaction.ts'
import type { StateOverlay } from '../state/state.ts'
import { emptyAccount, emptyCodeHash } from '../state/trie-state.ts'
import { moveDaoFunds } from './dao-fork.ts'
import type { BlockContext, CallResult, InvalidBlock, ProtocolCall } from './evm.ts'
import { depositsOf, publicDepositContract, request } from './requests.ts'
import {
  beaconRoots,
  blockHashes,
  consolidationRequests,
  type SystemContract,
  withdrawalRequests,
} from './system-contracts.ts'

/** Who calls the contracts of the protocol (EIP-4788, "Block processing"). */
export const systemAddress: Address = fromHex('0xfffffffffffffffffffffffffffffffffffffffe')
/** Gas of such a call, which does not count for the block. */
export const systemCallGas = 30_000_000n

/** A block that is being run. */
export interface BlockSite {
  readonly overlay: StateOverlay
  readonly block: BlockContext
  readonly rules: Rules
  /** The public network's unless given (EIP-6110). */
  readonly depositContract?: Address | undefined
  readonly daoFork?: DaoFork | undefined
  /** Runs a contract as `systemAddress`; what it changed stays in the overlay unless it failed. */
  systemCall(to: Address, data: Uint8Array): Promise<Pick<CallResult, 'halt' | 'output'>>
}

/**
 * Makes the change of state of the DAO's fork, and calls the contracts that keep beacon roots and block hashes; nothing
 * depends on their success.
 */
export async function openBlockState(site: BlockSite): Promise<void> {
  const { block, rules } = site
  const tell = async ({ since, address }: SystemContract, data: Uint8Array) => {
    if (isAtLeast(rules.hardfork, since) && hasCode(site.overlay, address)) {
      await site.systemCall(address, data)
    }
  }
  if (block.number === 0n) return
  if (site.daoFork?.isTaken && block.number === site.daoFork.block) moveDaoFunds(site.overlay)
  await tell(beaconRoots, block.parentBeaconBlockRoot)
  await tell(blockHashes, block.parentHash)
}

/** What a block commits to beside its transactions, and what these left. */
export interface BlockEnd {
  readonly withdrawals: readonly Withdrawal[]
  readonly ommers: readonly Header[]
  /** Of the chain's own protocol. */
  readonly calls: readonly ProtocolCall[]
  readonly receipts: readonly Receipt[]
}

/**
 * Pays rewards and withdrawals, makes the calls of the chain's own protocol, and collects requests.
 *
 * @returns the requests in the order of their types, empty ones left out (EIP-7685); none before Prague
 */
export async function closeBlockState(
  site: BlockSite,
  { withdrawals, ommers, calls, receipts }: BlockEnd,
): Promise<readonly Uint8Array[] | InvalidBlock> {
  payRewards(site, ommers)
  payWithdrawals(site.overlay, withdrawals)
  for (const one of calls) {
    const failed = await mustSucceed(site, one)
    if ('kind' in failed) return failed
  }
  if (!isAtLeast(site.rules.hardfork, 'prague')) return []
  return requestsOf(
    site,
    receipts.map(({ logs }) => logs),
  )
}

/** Pays out withdrawals (EIP-4895). */
function payWithdrawals(overlay: StateOverlay, withdrawals: readonly Withdrawal[]): void {
  for (const { address, amountGwei } of withdrawals) pay(overlay, address, weiOf(amountGwei))
}

/** Pays the makers of a block and of its ommers, before the Merge (Yellow Paper, section 11.3). */
function payRewards({ overlay, block, rules }: BlockSite, ommers: readonly Header[]): void {
  const reward = weiOf(BigInt(rules.numbers.blockRewardGwei))
  if (reward === 0n) return
  const forOmmers = BigInt(ommers.length) * (reward / 32n)
  pay(overlay, block.beneficiary, reward + forOmmers)
  for (const { number, beneficiary } of ommers) {
    pay(overlay, beneficiary, ((8n + number - block.number) * reward) / 8n)
  }
}

async function requestsOf(
  site: BlockSite,
  logs: readonly LogList[],
): Promise<readonly Uint8Array[] | InvalidBlock> {
  const deposits = depositsOf(logs, site.depositContract ?? publicDepositContract)
  if (deposits === undefined) return invalid('deposit', 'the log of a deposit has another layout')
  const requests = [request(0, deposits)]
  for (const [type, { address }] of requestContracts) {
    const called = await mustSucceed(site, { to: address, data: new Uint8Array() })
    if ('kind' in called) return called
    requests.push(request(type, called.output))
  }
  return requests.filter(({ length }) => length > 1)
}

/** What a contract gives that the protocol calls: without it, or when it fails, no block is valid. */
async function mustSucceed(
  site: BlockSite,
  { to, data }: ProtocolCall,
): Promise<Pick<CallResult, 'output'> | InvalidBlock> {
  const name = `the contract 0x${to.toHex()}`
  if (!hasCode(site.overlay, to)) return invalid('system-contract', `${name} has no code`)
  const { halt, output } = await site.systemCall(to, data)
  return halt === undefined ? { output } : invalid('system-contract', `${name} failed: ${halt}`)
}

/** Types of requests that a contract queues (EIP-7002, 7251). */
const requestContracts = [
  [1, withdrawalRequests],
  [2, consolidationRequests],
] as const

function hasCode(overlay: StateOverlay, address: Address): boolean {
  const account = overlay.account(address)
  return account !== undefined && !equalBytes(account.codeHash, emptyCodeHash)
}

/** Adds wei to an account; an empty one that is paid nothing goes (EIP-161). */
function pay(overlay: StateOverlay, address: Address, wei: bigint): void {
  const account = overlay.account(address) ?? emptyAccount
  const { nonce, balance, codeHash } = account
  if (balance + wei > 0n || nonce > 0n || !equalBytes(codeHash, emptyCodeHash)) {
    overlay.setAccount(address, { ...account, balance: balance + wei })
  } else if (overlay.account(address)) overlay.setAccount(address, undefined)
}

function weiOf(gwei: bigint): bigint {
  return gwei * 1_000_000_000n
}

function invalid(rule: InvalidBlock['rule'], detail: string): InvalidBlock {
  return { kind: 'invalid', rule, detail }
}

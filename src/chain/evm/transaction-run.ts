/** Runs one transaction from the purchase of its gas to its receipt. */

import { keccak256 } from '../../crypto/keccak.ts'
import type { Receipt } from '../ledger/block.ts'
import { bloomOf } from '../ledger/bloom.ts'
import { floorGas, intrinsicGas } from '../ledger/intrinsic-gas.ts'
import { encodeRlp, rlpInteger } from '../ledger/rlp.ts'
import type { AccessListEntry, Address, Authorization, Transaction } from '../ledger/transaction.ts'
import { authorityOf } from '../ledger/transaction-codec.ts'
import type { Account, Difference, StateOverlay, StateReader } from '../state/state.ts'
import { createOverlay } from '../state/state-overlay.ts'
import { emptyCodeHash } from '../state/trie-state.ts'
import type { Machine } from './ethereumjs/machine.ts'
import type { TransactionResult } from './evm.ts'
import {
  brokenRule,
  delegateOf,
  delegationCode,
  effectiveGasPrice,
  type RuleContext,
} from './transaction-rules.ts'

/** An account that holds nothing. */
export const emptyAccount: Account = { nonce: 0n, balance: 0n, codeHash: emptyCodeHash }

/** What a transaction runs with; `state` of the rules is the block's overlay. */
export interface TransactionPlace extends RuleContext {
  readonly state: StateOverlay
  readonly machine: Machine
  /** Gas of the transactions before it in the block. */
  readonly gasUsedBefore: bigint
}

/** Runs a transaction over the block's overlay; an invalid one changes nothing. */
export async function runTransaction(
  transaction: Transaction,
  sender: Address,
  place: TransactionPlace,
): Promise<TransactionResult> {
  const broken = brokenRule(transaction, sender, place)
  if (broken) return broken
  const { block, machine, state } = place
  const overlay = createOverlay(state)
  const price = effectiveGasPrice(transaction, block.baseFeePerGas)
  const { gasLimit, to } = transaction
  changeAccount(overlay, sender, ({ nonce, balance, ...rest }) => ({
    ...rest,
    nonce: nonce + 1n,
    balance: balance - gasLimit * price,
  }))
  const authorizations = transaction.type === 4 ? transaction.authorizations : []
  const { refund: delegated, authorities } = delegate(overlay, authorizations, place.chainId)
  const intrinsic = intrinsicGas(transaction, place.rules)
  const execution = await machine.execute(
    {
      ...{ from: sender, to, value: transaction.value, data: transaction.data },
      gas: gasLimit - intrinsic,
      gasPrice: price,
      warm: [...warmList(transaction), ...authorities, ...delegatesOf(overlay, to)],
    },
    {
      ...{ overlay, before: state, block, isLate: place.imagined?.isLate },
      ...{ moved: place.imagined?.moved, tellTransfers: place.imagined?.tellTransfers },
    },
  )
  const spent = intrinsic + execution.gasUsed
  const wanted = execution.refund + delegated
  const refund = wanted < spent / 5n ? wanted : spent / 5n
  const floor = floorGas(transaction.data, place.rules)
  const gasUsed = spent - refund > floor ? spent - refund : floor
  credit(overlay, sender, (gasLimit - gasUsed) * price)
  const tip = price - block.baseFeePerGas
  credit(overlay, block.beneficiary, gasUsed * (tip > 0n ? tip : 0n))
  for (const address of execution.destroyed) {
    overlay.wipeStorage(address)
    overlay.setAccount(address, undefined)
  }
  applyDifference(state, overlay.difference())
  const receipt: Receipt = {
    type: transaction.type,
    succeeded: execution.halt === undefined,
    cumulativeGasUsed: place.gasUsedBefore + gasUsed,
    logsBloom: bloomOf(execution.logs),
    logs: execution.logs,
    gasUsed,
    effectiveGasPrice: price,
    createdAddress: to === undefined ? creationAddress(sender, transaction.nonce) : undefined,
  }
  const { halt, output, told } = execution
  return { kind: 'executed', receipt, halt, output, told, gasNeeded: spent > floor ? spent : floor }
}

/** The address of a contract that a transaction creates, or would have created (Yellow Paper, section 7). */
function creationAddress(sender: Address, nonce: bigint): Address {
  return keccak256(encodeRlp([sender, rlpInteger(nonce)])).slice(12)
}

/** Writes the changes of a layer into the one below it. */
export function applyDifference(overlay: StateOverlay, { accounts, codes }: Difference): void {
  for (const code of codes) overlay.addCode(code)
  for (const { address, account, storageWiped, slots } of accounts) {
    if (storageWiped) overlay.wipeStorage(address)
    overlay.setAccount(address, account)
    for (const [slot, value] of slots) overlay.setStorage(address, slot, value)
  }
}

/** Adds wei to an account; nothing added leaves an account that is not there absent (EIP-161). */
function credit(overlay: StateOverlay, address: Address, wei: bigint): void {
  if (wei === 0n) return
  changeAccount(overlay, address, (account) => ({ ...account, balance: account.balance + wei }))
}

/** The code an account delegates to is warm as well. */
export function delegatesOf(
  state: StateReader,
  address: Address | undefined,
): readonly AccessListEntry[] {
  const account = address && state.account(address)
  const target = account && delegateOf(state.code(account.codeHash))
  return target ? [{ address: target, slots: [] }] : []
}

function warmList(transaction: Transaction): readonly AccessListEntry[] {
  return transaction.type === 0 ? [] : transaction.accessList
}

function changeAccount(
  overlay: StateOverlay,
  address: Address,
  change: (account: Account) => Account,
): void {
  overlay.setAccount(address, change(overlay.account(address) ?? emptyAccount))
}

/** Sets the delegations that are valid (EIP-7702, "Behavior"); others are passed over. */
function delegate(
  overlay: StateOverlay,
  authorizations: readonly Authorization[],
  chainId: bigint,
): { refund: bigint; authorities: AccessListEntry[] } {
  let refund = 0n
  const authorities: AccessListEntry[] = []
  for (const authorization of authorizations) {
    const { address, nonce } = authorization
    if (authorization.chainId !== 0n && authorization.chainId !== chainId) continue
    if (nonce >= 2n ** 64n - 1n) continue
    const authority = authorityOf(authorization)
    if (authority === undefined) continue
    authorities.push({ address: authority, slots: [] })
    const account = overlay.account(authority)
    const code = overlay.code(account?.codeHash ?? emptyCodeHash)
    if (code.length > 0 && delegateOf(code) === undefined) continue
    if ((account?.nonce ?? 0n) !== nonce) continue
    if (account) refund += 12_500n
    const clears = address.every((byte) => byte === 0)
    const codeHash = clears ? emptyCodeHash : overlay.addCode(delegationCode(address))
    const balance = account?.balance ?? 0n
    overlay.setAccount(authority, { nonce: nonce + 1n, balance, codeHash })
  }
  return { refund, authorities }
}

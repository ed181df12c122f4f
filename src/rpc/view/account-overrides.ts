/** Makes a state hold what a call pretends, and finds where precompiles are taken to be. */

import { toBigInt, toHex } from '../../base/bytes.ts'
import type { MovedPrecompile } from '../../chain/evm/evm.ts'
import { precompilesOf } from '../../chain/evm/precompiles.ts'
import type { Rules } from '../../chain/ledger/fork-rules.ts'
import type { StateOverlay } from '../../chain/state/state.ts'
import { emptyAccount } from '../../chain/state/trie-state.ts'
import { serverError } from '../envelope/rpc-error.ts'
import { checksumAddress } from '../format/checksum-address.ts'
import type { AccountOverride } from '../params/overrides.ts'

/**
 * Writes overrides into an overlay. A precompile whose address is overridden is gone from there.
 *
 * @returns the precompiles that are elsewhere or gone
 * @throws AppError `json-rpc/error` -32000 when what is to move is no precompile, or its place is taken
 */
export function overrideAccounts(
  overlay: StateOverlay,
  accounts: readonly AccountOverride[],
  rules: Rules,
): readonly MovedPrecompile[] {
  const precompiles = precompilesOf(rules)
  const overridden = new Set(accounts.map(({ address }) => toHex(address)))
  const moved: MovedPrecompile[] = []
  for (const account of accounts) {
    const { address, movePrecompileTo: to } = account
    const isPrecompile = precompiles.has(Number(toBigInt(address)))
    if (to && !isPrecompile)
      throw serverError(`account ${checksumAddress(address)} is not a precompile`)
    if (to && overridden.has(toHex(to)))
      throw serverError(`account ${checksumAddress(to)} is already overridden`)
    if (isPrecompile) moved.push({ from: address, to })
    overrideAccount(overlay, account)
  }
  return moved
}

function overrideAccount(overlay: StateOverlay, override: AccountOverride): void {
  const { address, nonce, balance, code, state, stateDiff } = override
  const parts = [nonce, balance, code, state, stateDiff]
  if (parts.every((part) => part === undefined)) return
  if (state) overlay.wipeStorage(address)
  const before = overlay.account(address) ?? emptyAccount
  overlay.setAccount(address, {
    nonce: nonce ?? before.nonce,
    balance: balance ?? before.balance,
    codeHash: code ? overlay.addCode(code) : before.codeHash,
  })
  for (const [slot, value] of state ?? stateDiff ?? []) overlay.setStorage(address, slot, value)
}

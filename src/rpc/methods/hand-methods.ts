/** Sets by hand what accounts of a development chain hold. */

import { equalBytes, toBigInt } from '../../base/bytes.ts'
import type { Address } from '../../chain/ledger/transaction.ts'
import type { Account, StateOverlay } from '../../chain/state/state.ts'
import { emptyAccount } from '../../chain/state/trie-state.ts'
import { invalidParams } from '../envelope/rpc-error.ts'
import type { Parser } from '../params/parser.ts'
import { address, bytes, quantity, quantity64, slot } from '../params/values.ts'
import type { CallContext } from '../view/context.ts'
import { forTools } from './development-methods.ts'
import { type MethodTable, method } from './method.ts'

/** A word of up to 32 bytes. */
const storageValue: Parser<bigint> = (value, path) => {
  const given = bytes(value, path)
  if (given.length > 32) throw invalidParams(`${path}: expected at most 32 bytes`)
  return toBigInt(given)
}

export const handMethods: MethodTable = forTools({
  setBalance: method([address, quantity], (context, [who, balance]) =>
    change(context, who, () => ({ balance })),
  ),
  setNonce: method([address, quantity64], (context, [who, nonce]) =>
    change(context, who, () => ({ nonce })),
  ),
  setCode: method([address, bytes], (context, [who, code]) =>
    change(context, who, (overlay) => ({ codeHash: overlay.addCode(code) })),
  ),
  setStorageAt: method([address, slot, storageValue], (context, [who, key, value]) =>
    change(context, who, (overlay) => {
      overlay.setStorage(who, key, value)
      return {}
    }),
  ),
})

async function change(
  { chain }: CallContext,
  who: Address,
  fields: (overlay: StateOverlay) => Partial<Account>,
): Promise<true> {
  await chain.dev.change((overlay) => {
    const changed = { ...(overlay.account(who) ?? emptyAccount), ...fields(overlay) }
    // An account that holds nothing does not exist (EIP-161).
    overlay.setAccount(who, isEmpty(changed) && !overlay.hasStorage(who) ? undefined : changed)
  })
  return true
}

function isEmpty({ nonce, balance, codeHash }: Account): boolean {
  return nonce === 0n && balance === 0n && equalBytes(codeHash, emptyAccount.codeHash)
}

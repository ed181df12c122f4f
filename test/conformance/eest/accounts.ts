/** Reads the accounts of the public execution tests. */

import { fromHex } from '../../../src/base/bytes.ts'
import type { State } from '../../../src/chain/state/state.ts'
import { genesisState } from '../../../src/chain/state/trie-state.ts'

/** Accounts by address; `code` is left out where it is that of another list. */
export type Accounts = Readonly<Record<string, AccountJson>>

interface AccountJson {
  readonly nonce: string
  readonly balance: string
  readonly code: string
  readonly storage: Readonly<Record<string, string>>
}

/** The state that holds these accounts. */
export function stateOf(accounts: Accounts): State {
  return genesisState(
    Object.entries(accounts).map(([address, { nonce, balance, code, storage }]) => ({
      address: fromHex(address),
      ...{ nonce: BigInt(nonce), balance: BigInt(balance), code: fromHex(code) },
      storage: Object.entries(storage).map(
        ([slot, value]) => [BigInt(slot), BigInt(value)] as const,
      ),
    })),
  )
}

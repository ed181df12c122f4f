/** Gives the development accounts: keys of a mnemonic, the ninth and tenth of them the platform's own. */

import { type Hex, toHex } from '../base/bytes.ts'
import { keyFromMnemonic } from '../crypto/mnemonic.ts'
import { addressOfKey } from '../crypto/secp256k1.ts'

/** The words that every development node uses; never put value on their accounts. */
export const testWords = 'test test test test test test test test test test test junk'

/** One development account. */
export interface DevAccount {
  readonly address: Hex
  readonly key: Uint8Array
}

/** The accounts at m/44'/60'/0'/0/0 and on. */
export function devAccounts(mnemonic: string, count: number): readonly DevAccount[] {
  return Array.from({ length: count }, (_, number) => accountOf(mnemonic, number))
}

/** Sends the transactions of workflows. */
export function senderAccount(mnemonic: string): DevAccount {
  return accountOf(mnemonic, 8)
}

/** Signs the data that are injected without a signature. */
export function injectAccount(mnemonic: string): DevAccount {
  return accountOf(mnemonic, 9)
}

function accountOf(mnemonic: string, number: number): DevAccount {
  const key = keyFromMnemonic(mnemonic, number)
  return { address: toHex(addressOfKey(key)), key }
}

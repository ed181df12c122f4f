/** Signs with the sender's key what the sender knows nothing of, as somebody does who has the key in a wallet, too. */

import { privateKeyToAccount } from 'viem/accounts'
import { type Hex, toHex } from '../../src/base/bytes.ts'
import { senderAccount, testWords } from '../../src/node/dev-accounts.ts'
import { noteInput } from './contract-words.ts'

const account = privateKeyToAccount(toHex(senderAccount(testWords).key))
/** The sender's address. */
export const senderAddress: Hex = account.address

/** A transaction that writes a note. @returns its bytes */
export function signedNote(terms: {
  readonly chainId: number
  readonly nonce: number
  readonly to: Hex
  /** Wei per gas. */
  readonly maxFeePerGas: bigint
}): Promise<Hex> {
  const call = { data: noteInput(terms.nonce), gas: 100_000n, maxPriorityFeePerGas: 10n ** 9n }
  return account.signTransaction({ ...terms, ...call, type: 'eip1559' })
}

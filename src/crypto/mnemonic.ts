/** Derives account keys from mnemonics (BIP-39, BIP-32, BIP-44). */

import { pbkdf2Sync } from 'node:crypto'
import { HDKey } from '@scure/bip32'
import { validateMnemonic } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { AppError } from '../base/app-error.ts'

/** The parent key of the mnemonic used last, since its derivation takes long. */
let last: { readonly mnemonic: string; readonly parent: HDKey } | undefined

/**
 * The private key at m/44'/60'/0'/0/`account`, 32 bytes.
 *
 * @param account - below 2^31
 * @throws AppError `crypto/bad-mnemonic`; the message does not repeat the words; `crypto/bad-account`
 */
export function keyFromMnemonic(mnemonic: string, account: number): Uint8Array {
  if (!Number.isInteger(account) || account < 0 || account >= 2 ** 31) {
    const message = `an account number is a natural number below 2^31, not ${account}`
    throw new AppError({ code: 'crypto/bad-account', message })
  }
  const words = mnemonic.trim().split(/\s+/).join(' ')
  if (last?.mnemonic !== words) {
    if (!validateMnemonic(words, wordlist)) {
      const message = 'the mnemonic is not 12 to 24 English words with a right checksum (BIP-39)'
      throw new AppError({ code: 'crypto/bad-mnemonic', message })
    }
    // BIP-39, "From mnemonic to seed", without a passphrase.
    const seed = pbkdf2Sync(words, 'mnemonic', 2_048, 64, 'sha512')
    const parent = HDKey.fromMasterSeed(seed).derive("m/44'/60'/0'/0")
    last = { mnemonic: words, parent }
  }
  const key = last.parent.deriveChild(account).privateKey
  if (key === null) throw new AppError({ code: 'crypto/bad-mnemonic', message: 'no private key' })
  return key
}

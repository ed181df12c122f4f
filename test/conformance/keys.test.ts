/** Runs public vectors of key files, addresses, hashes and mnemonics. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { HDNodeWallet, Wallet } from 'ethers'
import { fromHex, toHex } from '../../src/base/bytes.ts'
import { keccak256 } from '../../src/crypto/keccak.ts'
import { decryptKey, encryptKey } from '../../src/crypto/key-file.ts'
import { keyFromMnemonic } from '../../src/crypto/mnemonic.ts'
import { addressOfKey } from '../../src/crypto/secp256k1.ts'
import { sha256 } from '../../src/crypto/sha256.ts'
import { skipVectors, vectorJson } from './vectors.ts'

const wallet = 'wallet/wallet'

describe('keys', { skip: skipVectors() }, () => {
  test('5 key files open with their passwords, and with no other', async () => {
    const file = 'KeyStoreTests/basic_tests.json'
    const cases = await vectorJson<
      Record<string, { json: object; password: string; priv: string }>
    >(...(['ethereum-tests/legacy', file] as const))
    for (const [name, { json, password, priv }] of Object.entries(cases)) {
      assert.equal((await decryptKey(JSON.stringify(json), password)).toHex(), priv, name)
      await assert.rejects(decryptKey(JSON.stringify(json), `${password}x`), {
        code: 'crypto/wrong-password',
      })
    }
    assert.equal(Object.keys(cases).length, 5)
  })

  test('7 key files of wallets open to the key of their address, 2 of a token sale are told', async () => {
    const cases = await vectorJson<readonly Record<string, string>[]>(wallet, 'ethers/wallets.json')
    const counts: Record<string, number> = {}
    for (const { type = '', name, address, password = '', content = '' } of cases) {
      counts[type] = (counts[type] ?? 0) + 1
      const opened = decryptKey(content, new TextDecoder().decode(fromHex(password)))
      if (type === 'crowdsale') {
        await assert.rejects(opened, { code: 'crypto/bad-key-file' })
      } else {
        assert.equal(toHex(addressOfKey(await opened)), address?.toLowerCase(), name ?? '')
      }
    }
    assert.deepEqual(counts, { crowdsale: 2, keystore: 7 })
  })

  test('259 private keys have their addresses', async () => {
    const cases = await vectorJson<readonly { privateKey: string; address: string }[]>(
      ...([wallet, 'ethers/accounts.json'] as const),
    )
    for (const { privateKey, address } of cases) {
      assert.equal(toHex(addressOfKey(fromHex(privateKey))), address.toLowerCase())
    }
    assert.equal(cases.length, 259)
  })

  test('257 byte strings have their hashes', async () => {
    const cases = await vectorJson<readonly Record<'data' | 'keccak256' | 'sha256', string>[]>(
      ...([wallet, 'ethers/hashes.json'] as const),
    )
    for (const { data, ...hashes } of cases) {
      assert.equal(toHex(keccak256(fromHex(data))), hashes.keccak256)
      assert.equal(toHex(sha256(fromHex(data))), hashes.sha256)
    }
    assert.equal(cases.length, 257)
  })

  test('44 English mnemonics give the accounts that ethers derives, 180 others are told', async () => {
    const cases = await vectorJson<readonly { locale: string; phrase: string }[]>(
      ...([wallet, 'ethers/mnemonics.json'] as const),
    )
    const { english } = await vectorJson<{ english: readonly (readonly string[])[] }>(
      ...([wallet, 'bip39/trezor-vectors.json'] as const),
    )
    const phrases = english.map(([, words = '']) => words)
    let refused = 0
    for (const { locale, phrase } of cases) {
      const words = new TextDecoder().decode(fromHex(phrase))
      if (locale === 'en') {
        phrases.push(words)
      } else {
        assert.throws(() => keyFromMnemonic(words, 0), { code: 'crypto/bad-mnemonic' }, locale)
        refused += 1
      }
    }
    for (const words of phrases) {
      const { privateKey } = HDNodeWallet.fromPhrase(words, '', "m/44'/60'/0'/0/7")
      assert.equal(toHex(keyFromMnemonic(words, 7)), privateKey)
    }
    assert.deepEqual([phrases.length, refused], [44, 180])
  })

  test('ethers opens the key files that are written here', async () => {
    const key = new Uint8Array(32).fill(0x77)
    const { privateKey } = await Wallet.fromEncryptedJson(
      await encryptKey(key, 'pass', 1_024),
      'pass',
    )
    assert.equal(privateKey, toHex(key))
  })

  test('keys of the well-known test words are those that every tool has', () => {
    const words = 'test test test test test test test test test test test junk'
    // The first and the tenth account that development nodes print at their start.
    const known = [
      'f39fd6e51aad88f6f4ce6ab8827279cfffb92266',
      'a0ee7a142d267c1f36714e4a8f75612f20a79720',
    ]
    assert.deepEqual(
      [0, 9].map((n) => addressOfKey(keyFromMnemonic(words, n)).toHex()),
      known,
    )
  })
})

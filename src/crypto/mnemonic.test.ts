/** Checks which keys come from a mnemonic. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyFromMnemonic } from './mnemonic.ts'
import { addressOfKey } from './secp256k1.ts'

const words = 'test test test test test test test test test test test junk'
const address = (phrase: string, account: number) =>
  addressOfKey(keyFromMnemonic(phrase, account)).toHex()

test('the well-known development words give the well-known accounts', () => {
  assert.equal(address(words, 0), 'f39fd6e51aad88f6f4ce6ab8827279cfffb92266')
  assert.equal(address(words, 1), '70997970c51812dc3a010c7d01b50e0d17dc79c8')
  assert.equal(address(words, 9), 'a0ee7a142d267c1f36714e4a8f75612f20a79720')
})

test('space around and between the words does not count', () => {
  assert.equal(address(`  ${words.replaceAll(' ', ' \n\t')}\n`, 3), address(words, 3))
})

test('another mnemonic in between changes nothing', () => {
  const other = `${'abandon '.repeat(11)}about`
  const before = address(words, 0)
  assert.equal(address(other, 0), '9858effd232b4033e47d90003d41ec34ecaeda94')
  assert.equal(address(words, 0), before)
})

test('wrong words are refused without being repeated', () => {
  const wrong = [
    ...['', 'test', words.replace('junk', 'test'), words.replace('junk', 'jnk')],
    ...[`${words} junk`, words.toUpperCase(), words.split(' ').slice(1).join(' ')],
  ]
  for (const phrase of wrong) {
    assert.throws(
      () => keyFromMnemonic(phrase, 0),
      (error: Error & { code?: string }) => {
        return error.code === 'crypto/bad-mnemonic' && !/test|junk|jnk/i.test(error.message)
      },
      phrase,
    )
  }
})

test('an account number is a natural number below 2^31', () => {
  assert.equal(keyFromMnemonic(words, 2 ** 31 - 1).length, 32)
  for (const account of [-1, 1.5, 2 ** 31, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => keyFromMnemonic(words, account), { code: 'crypto/bad-account' })
  }
})

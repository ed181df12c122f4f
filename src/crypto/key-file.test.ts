/** Encrypts and decrypts key files, and reads those that are wrong or ask for too much. */

import assert from 'node:assert/strict'
import { createCipheriv, pbkdf2Sync } from 'node:crypto'
import { describe, test } from 'node:test'
import { concatBytes } from '../base/bytes.ts'
import { keccak256 } from './keccak.ts'
import { decryptKey, encryptKey } from './key-file.ts'
import { addressOfKey } from './secp256k1.ts'

const key = new Uint8Array(32).fill(0x5a)
const password = 'correct horse'
/** N of scrypt, low for speed. */
const cost = 1_024

type Fields = Record<string, unknown>

/** The text of a good file with some fields of `crypto` and `kdfparams` changed. */
async function changed(crypto: Fields, kdfparams: Fields = {}): Promise<string> {
  const file = JSON.parse(await encryptKey(key, password, cost))
  Object.assign(file.crypto.kdfparams, kdfparams)
  Object.assign(file.crypto, crypto)
  return JSON.stringify(file)
}

/** A file of the older kind, made without the code under test. */
function olderFile(plain: Uint8Array, rounds = 2_000): string {
  const [salt, iv] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)]
  const derived = pbkdf2Sync(password, salt, rounds, 32, 'sha256')
  const cipher = createCipheriv('aes-128-ctr', derived.subarray(0, 16), iv)
  const ciphertext = concatBytes(cipher.update(plain), cipher.final())
  const kdfparams = { c: rounds, dklen: 32, prf: 'hmac-sha256', salt: salt.toHex() }
  const mac = keccak256(concatBytes(derived.subarray(16), ciphertext)).toHex()
  const coded = { cipher: 'aes-128-ctr', cipherparams: { iv: iv.toHex() }, mac }
  const Crypto = { ...coded, ciphertext: ciphertext.toHex(), kdf: 'pbkdf2', kdfparams }
  return JSON.stringify({ version: 3, Crypto })
}

describe('key files', () => {
  test('what is encrypted is decrypted with the password, and the file names the address', async () => {
    const text = await encryptKey(key, password, cost)
    assert.deepEqual(await decryptKey(text, password), key)
    const file = JSON.parse(text)
    assert.equal(file.version, 3)
    assert.equal(file.address, addressOfKey(key).toHex())
    assert.ok(!text.includes(key.toHex()) && !text.includes(password))
  })

  test('the cost is that of wallets unless a test asks for less', async () => {
    const { crypto } = JSON.parse(await encryptKey(key, password))
    assert.deepEqual([crypto.kdfparams.n, crypto.kdfparams.r, crypto.kdfparams.p], [2 ** 17, 8, 1])
  })

  test('every file has its own salt and start of the cipher', async () => {
    const [one, other] = await Promise.all(
      [1, 2].map(async () => JSON.parse(await encryptKey(key, password, cost)).crypto),
    )
    assert.notEqual(one.kdfparams.salt, other.kdfparams.salt)
    assert.notEqual(one.cipherparams.iv, other.cipherparams.iv)
    assert.notEqual(one.ciphertext, other.ciphertext)
  })

  test('another password is told, and neither password nor key is repeated', async () => {
    const text = await encryptKey(key, password, cost)
    for (const wrong of ['', 'correct hors', 'Correct horse', `${password} `]) {
      await assert.rejects(decryptKey(text, wrong), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'crypto/wrong-password')
        return !error.message.includes('orrect') && !error.message.includes('5a5a')
      })
    }
  })

  test('files of PBKDF2 are read, also with the older spelling of their fields', async () => {
    assert.deepEqual(await decryptKey(olderFile(key), password), key)
  })

  test('a changed ciphertext does not open', async () => {
    const file = JSON.parse(await encryptKey(key, password, cost))
    const flipped = file.crypto.ciphertext.startsWith('0') ? '1' : '0'
    file.crypto.ciphertext = flipped + file.crypto.ciphertext.slice(1)
    await assert.rejects(decryptKey(JSON.stringify(file), password), {
      code: 'crypto/wrong-password',
    })
  })

  test('what is no key file is told', async () => {
    const texts = [
      '',
      'null',
      '"text"',
      '[]',
      '3',
      '{}',
      '{"version":3}',
      '{"version":3,"crypto":1}',
    ]
    texts.push(
      '{"version":1,"crypto":{}}',
      '{"version":3,"crypto":{}}',
      '{"version":3,"crypto":[]}',
    )
    for (const text of texts) {
      await assert.rejects(decryptKey(text, password), { code: 'crypto/bad-key-file' }, text)
    }
  })

  test('a file with a field that cannot be is told', async () => {
    for (const fields of [
      ...[{ cipher: 'aes-256-cbc' }, { cipherparams: { iv: '00' } }, { cipherparams: null }],
      ...[{ ciphertext: '00' }, { ciphertext: 'no hex' }, { ciphertext: 1 }, { mac: undefined }],
      ...[{ kdf: 'argon2' }, { kdf: undefined }, { kdfparams: null }, { kdfparams: 'none' }],
    ]) {
      const text = await changed(fields)
      await assert.rejects(decryptKey(text, password), { code: 'crypto/bad-key-file' }, text)
    }
    const short = olderFile(key.subarray(0, 31))
    await assert.rejects(decryptKey(short, password), { code: 'crypto/bad-key-file' })
  })

  test('a file that asks for too much memory or time is refused at once', async () => {
    for (const parameters of [
      ...[{ n: 2 ** 21 }, { n: 2 ** 31 }, { n: 2 ** 40 }, { r: 2 ** 20 }, { p: 2 ** 20 }],
      ...[{ p: 4_097 }, { n: 1_000 }, { n: 0 }, { n: -1_024 }, { n: 1_024.5 }, { n: '1024' }],
      ...[{ dklen: 16 }, { dklen: 2 ** 30 }, { salt: '00'.repeat(1_000) }, { r: 0 }, { p: 0 }],
    ]) {
      const text = await changed({}, parameters)
      await assert.rejects(decryptKey(text, password), { code: 'crypto/bad-key-file' }, text)
    }
    const slow = JSON.parse(olderFile(key))
    slow.Crypto.kdfparams.c = 10_000_001
    await assert.rejects(decryptKey(JSON.stringify(slow), password), {
      code: 'crypto/bad-key-file',
    })
  })
})

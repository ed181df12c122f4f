/** Encrypts and decrypts private keys in Web3 secret storage, version 3. */

import {
  createCipheriv,
  createDecipheriv,
  pbkdf2,
  randomBytes,
  randomUUID,
  scrypt,
} from 'node:crypto'
import { promisify } from 'node:util'
import { scryptAsync } from '@noble/hashes/scrypt.js'
import { AppError } from '../base/app-error.ts'
import { concatBytes, equalBytes } from '../base/bytes.ts'
import { keccak256 } from './keccak.ts'
import { addressOfKey } from './secp256k1.ts'

const stretch = promisify(pbkdf2)

/**
 * Memory and time that a file may ask for: 1 GiB of scrypt, 16 times the work of scrypt that wallets ask for
 * (N · r · p), ten million rounds of PBKDF2.
 */
const maxScryptBytes = 2 ** 30
const maxScryptWork = 16 * 2 ** 21
const maxRounds = 10_000_000

interface KeyFile {
  readonly version: number
  readonly crypto: {
    readonly cipher: string
    readonly cipherparams: { readonly iv: string }
    readonly ciphertext: string
    readonly kdf: string
    readonly kdfparams: Readonly<Record<string, unknown>>
    readonly mac: string
  }
}

/**
 * A private key as the text of a key file.
 *
 * @param cost - scrypt's N; lower than the default only in tests
 */
export async function encryptKey(
  key: Uint8Array,
  password: string,
  cost = 2 ** 17,
): Promise<string> {
  const [salt, iv] = [randomBytes(32), randomBytes(16)]
  const derived = await scryptKey(password, { salt, n: cost, r: 8, p: 1 })
  const cipher = createCipheriv('aes-128-ctr', derived.subarray(0, 16), iv)
  const ciphertext = concatBytes(cipher.update(key), cipher.final())
  return JSON.stringify({
    version: 3,
    id: randomUUID(),
    address: addressOfKey(key).toHex(),
    crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: iv.toHex() },
      ciphertext: ciphertext.toHex(),
      kdf: 'scrypt',
      kdfparams: { dklen: 32, n: cost, r: 8, p: 1, salt: salt.toHex() },
      mac: keccak256(concatBytes(derived.subarray(16, 32), ciphertext)).toHex(),
    },
  })
}

/** Looks whether a text is that of a key file at all, which needs no password. @throws AppError `crypto/bad-key-file` */
export function checkKeyFile(text: string): void {
  parse(text)
}

/**
 * The private key in the text of a key file.
 *
 * @throws AppError `crypto/bad-key-file`, `crypto/wrong-password`; no message repeats a secret
 */
export async function decryptKey(text: string, password: string): Promise<Uint8Array> {
  const { crypto } = parse(text)
  const ciphertext = hex(crypto.ciphertext, 'ciphertext')
  if (ciphertext.length !== 32) throw bad('a key of another length than 32 bytes')
  const derived = await derive(crypto, password)
  const mac = keccak256(concatBytes(derived.subarray(16, 32), ciphertext))
  if (!equalBytes(mac, hex(crypto.mac, 'mac'))) {
    throw new AppError({
      code: 'crypto/wrong-password',
      message: 'the password does not open the key file',
    })
  }
  const iv = hex(crypto.cipherparams?.iv, 'iv')
  if (crypto.cipher !== 'aes-128-ctr' || iv.length !== 16) throw bad('an unknown cipher')
  const decipher = createDecipheriv('aes-128-ctr', derived.subarray(0, 16), iv)
  return concatBytes(decipher.update(ciphertext), decipher.final())
}

async function derive(crypto: KeyFile['crypto'], password: string): Promise<Uint8Array> {
  const parameters = crypto.kdfparams
  if (typeof parameters !== 'object' || parameters === null) throw bad('no kdfparams')
  const salt = hex(parameters.salt, 'salt')
  if (parameters.dklen !== 32) throw bad('a dklen other than 32')
  if (crypto.kdf === 'scrypt') {
    const number = (name: string) => positive(parameters[name], name, 2 ** 31)
    return scryptKey(password, { salt, n: number('n'), r: number('r'), p: number('p') })
  }
  if (crypto.kdf === 'pbkdf2' && parameters.prf === 'hmac-sha256') {
    return stretch(password, salt, positive(parameters.c, 'c', maxRounds), 32, 'sha256')
  }
  throw bad('an unknown key derivation')
}

interface ScryptParameters {
  readonly salt: Uint8Array
  readonly n: number
  readonly r: number
  readonly p: number
}

function scryptKey(password: string, parameters: ScryptParameters): Promise<Uint8Array> {
  const { salt, n, r, p } = parameters
  // OpenSSL wants somewhat more than the 128 · r · (n + p) bytes of the algorithm.
  const maxmem = 128 * r * (n + p) + 2 ** 20
  if (maxmem > maxScryptBytes || n * r * p > maxScryptWork || (n & (n - 1)) !== 0) {
    throw bad('scrypt parameters that are out of bounds')
  }
  return new Promise((resolve, reject) => {
    const portable = () => scryptAsync(password, salt, { N: n, r, p, dkLen: 32, maxmem })
    try {
      scrypt(password, salt, 32, { N: n, r, p, maxmem }, (error, key) => {
        if (error) reject(bad('scrypt parameters that cannot be used'))
        else resolve(key)
      })
    } catch {
      // OpenSSL holds to RFC 7914's bound of N for a small r, which old key files pass.
      portable().then(resolve, () => reject(bad('scrypt parameters that cannot be used')))
    }
  })
}

function parse(text: string): KeyFile {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    throw bad('no JSON')
  }
  const file = content as (Partial<KeyFile> & { Crypto?: KeyFile['crypto'] }) | null
  const crypto = file?.crypto ?? file?.Crypto
  if (file?.version !== 3 || typeof crypto !== 'object' || crypto === null) {
    throw bad('no Web3 secret storage of version 3')
  }
  return { version: 3, crypto }
}

function hex(value: unknown, name: string): Uint8Array {
  if (typeof value !== 'string' || !/^([0-9a-fA-F]{2}){1,128}$/.test(value)) {
    throw bad(`a ${name} that is not hex`)
  }
  return Uint8Array.fromHex(value)
}

function positive(value: unknown, name: string, most: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0 && value <= most) {
    return value
  }
  throw bad(`a ${name} out of bounds`)
}

function bad(what: string): AppError {
  return new AppError({ code: 'crypto/bad-key-file', message: `the key file holds ${what}` })
}

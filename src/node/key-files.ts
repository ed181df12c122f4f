/** Makes, reads and opens the encrypted key files of accounts. */

import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { AppError } from '../base/app-error.ts'
import { fromHex, toHex } from '../base/bytes.ts'
import { fileReason } from '../base/file-reason.ts'
import { possessionBytes } from '../chain/consensus/possession.ts'
import { hashChain, hashChainSecret, revealSeed } from '../chain/consensus/randao.ts'
import { checkKeyFile, decryptKey, encryptKey } from '../crypto/key-file.ts'
import { addressOfKey } from '../crypto/secp256k1.ts'
import { type SigningKey, signatureSchemes, signingKey } from '../crypto/signatures.ts'

/** A password, or what asks for it: that happens when all that is known without it has been looked at. */
export type Password = string | (() => Promise<string>)

/** Writes a new key into a new file, readable by its owner only, and gives its address. */
export async function createKeyFile(file: string, password: Password): Promise<string> {
  return writeKeyFile(file, randomBytes(32), password)
}

/**
 * Encrypts a private key that stands as hex in a file.
 *
 * @throws AppError `node/bad-key`; the message does not hold what was read
 */
export async function importKeyFile(
  file: string,
  from: string,
  password: Password,
): Promise<string> {
  const text = (await read(from)).trim().replace(/^0x/, '')
  if (!/^[0-9a-fA-F]{64}$/.test(text)) {
    const message = `${from} does not hold a private key of 64 hex digits`
    throw new AppError({ code: 'node/bad-key', message })
  }
  return writeKeyFile(file, Uint8Array.fromHex(text), password)
}

/** The address a key file names; with a password, the one its key has, after opening it. */
export async function keyFileAddress(file: string, password?: Password): Promise<string> {
  if (password !== undefined) return toHex(addressOfKey(await openKeyFile(file, password)))
  const text = await read(file)
  let content: { readonly address?: unknown } = {}
  try {
    content = JSON.parse(text)
  } catch {
    // Not a key file: told below.
  }
  if (typeof content?.address === 'string') return `0x${content.address.replace(/^0x/, '')}`
  const message = `${file} names no address; "keys check" opens it with the password`
  throw new AppError({ code: 'node/bad-key', message })
}

/** Opens a key file and gives the private key. */
export async function openKeyFile(file: string, password: Password): Promise<Uint8Array> {
  const text = await read(file)
  try {
    checkKeyFile(text)
    return await decryptKey(text, await askedFor(password))
  } catch (error) {
    if (!(error instanceof AppError) || !error.code.startsWith('crypto/')) throw error
    throw new AppError({ ...error, message: `${file}: ${error.message}`, cause: error })
  }
}

/**
 * The public key, as hex, of a validator that signs by a scheme with the key of a file.
 *
 * @throws AppError `node/bad-scheme`, and what opening a key file throws
 */
export async function publicKeyOf(
  file: string,
  password: Password,
  scheme: string,
): Promise<string> {
  return toHex((await validatorKeyOf(file, password, scheme)).publicKey)
}

/**
 * The proof, as hex, that the holder of a validator's key lets an account of a chain deposit for it.
 *
 * @param place - the chain's key of 32 bytes and the account that deposits, as hex
 * @throws AppError `node/bad-scheme`, `node/bad-place`, and what opening a key file throws
 */
export async function possessionProof(
  {
    file,
    scheme,
    ...place
  }: { readonly file: string; scheme: string; chain: string; owner: string },
  password: Password,
): Promise<string> {
  const [chain, owner] = [bytesOf(place.chain, 32), bytesOf(place.owner, 20)]
  const key = await validatorKeyOf(file, password, scheme)
  return toHex(key.sign(possessionBytes(chain, owner)))
}

/**
 * What a proof-of-stake validator with the key of a file commits to, as hex: the last hash of one of its hash chains.
 *
 * @param number - of the hash chain, from 0; a validator takes the next one when it has used one up
 * @throws what opening a key file throws
 */
export async function hashChainCommitment(
  file: string,
  password: Password,
  place: { readonly chainId: bigint; readonly number: number },
): Promise<string> {
  const seed = revealSeed(await openKeyFile(file, password))
  return toHex(hashChain(hashChainSecret(seed, place)).commitment)
}

async function validatorKeyOf(
  file: string,
  password: Password,
  scheme: string,
): Promise<SigningKey> {
  const known = signatureSchemes.find((one) => one === scheme)
  if (known) return signingKey(known, await openKeyFile(file, password))
  const message = `a validator signs by ${signatureSchemes.join(', ')}, not by "${scheme}"`
  throw new AppError({ code: 'node/bad-scheme', message })
}

function bytesOf(text: string, length: number): Uint8Array {
  if (/^0x[0-9a-fA-F]*$/.test(text) && text.length === 2 + 2 * length) return fromHex(text)
  const message = `"${text}" must be ${length} bytes as hex with 0x`
  throw new AppError({ code: 'node/bad-place', message })
}

/** A key file of the settings, where its password is, and the name of the setting for that. */
interface SetKey {
  readonly file: string
  readonly passwordFile: string | undefined
  readonly setting: string
}

/**
 * Opens a key file of the settings, with a password file or by asking.
 *
 * @throws AppError `node/no-password` when there is neither
 */
export async function openSetKey(
  { file, passwordFile, setting }: SetKey,
  ask: ((question: string) => Promise<string>) | undefined,
): Promise<Uint8Array> {
  if (passwordFile !== undefined) return openKeyFile(file, await readPasswordFile(passwordFile))
  if (ask !== undefined) return openKeyFile(file, () => ask(`Password of ${file}`))
  const message = `${file} needs a file with its password by ${setting}, since nobody can be asked`
  throw new AppError({ code: 'node/no-password', message })
}

/** The first line of a password file. */
export async function readPasswordFile(file: string): Promise<string> {
  return (await read(file)).split(/\r?\n/, 1)[0] ?? ''
}

async function writeKeyFile(file: string, key: Uint8Array, password: Password): Promise<string> {
  if (existsSync(file)) throw notWritten(file, 'the file exists and is left as it is')
  const text = await encryptKey(key, longEnough(await askedFor(password)))
  try {
    await writeFile(file, `${text}\n`, { flag: 'wx', mode: 0o600 })
  } catch (cause) {
    throw notWritten(file, fileReason(cause), cause)
  }
  return toHex(addressOfKey(key))
}

function notWritten(file: string, reason: string, cause?: unknown): AppError {
  return new AppError({ code: 'node/key-not-written', message: `${file}: ${reason}`, cause })
}

async function askedFor(password: Password): Promise<string> {
  return typeof password === 'string' ? password : password()
}

function longEnough(password: string): string {
  if (password.length >= 8) return password
  const message = 'the password is shorter than 8 characters; choose a longer one'
  throw new AppError({ code: 'node/weak-password', message })
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    const message = `${file} cannot be read: ${fileReason(cause)}`
    throw new AppError({ code: 'node/unreadable-file', message, cause })
  }
}

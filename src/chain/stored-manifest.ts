/** Keeps the manifest of a chain in its folder, and knows a large one again without reading its accounts. */

import { readFileSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../base/app-error.ts'
import { toHex } from '../base/bytes.ts'
import { sha256 } from '../crypto/sha256.ts'
import { createFolder, writeWholeFile } from '../store/durable-folder.ts'
import type { GenesisAccount, GenesisAccounts, Manifest } from './ledger/manifest.ts'
import {
  accountsIn,
  keyOfManifest,
  manifestHead,
  manifestToJson,
  parseManifest,
} from './ledger/manifest-codec.ts'
import type { Address, Hash } from './ledger/transaction.ts'

/** Bytes of a manifest from which on it gets a seal: reading a million accounts takes seconds. */
const sealedFrom = 1024 * 1024

const fileIn = (folder: string) => path.join(folder, 'manifest.json')
const sealIn = (folder: string) => path.join(folder, 'manifest.seal')

/** What is remembered of a large manifest; without it, or when it does not fit, the manifest is read as a whole. */
interface Seal {
  /** The manifest without its accounts. */
  readonly head: string
  /** The chain's key, as hex. */
  readonly key: string
  readonly bytes: number
  /** SHA-256 of the whole, as hex. */
  readonly digest: string
  /** The same of the file that it was made from, if it was one. */
  readonly source: string | undefined
}

/** A manifest as it is kept, with the chain's key. */
export interface KeptManifest {
  /** The one that was given; a large one with its accounts on disk instead of in memory. */
  readonly manifest: Manifest
  readonly key: Hash
}

/**
 * Reads the manifest that a chain's folder holds.
 *
 * @param source - gives the manifest only if it is known to have been made from the file with this SHA-256
 * @returns `undefined` if the folder holds no chain, or another one
 */
export async function readStoredManifest(
  folder: string,
  source?: string,
): Promise<Manifest | undefined> {
  const seal = await readSeal(folder)
  if (source !== undefined && seal?.source !== source) return undefined
  if (seal) return sealedManifest(folder, seal)
  const bytes = await storedBytes(folder)
  return bytes && parseManifest(new TextDecoder().decode(bytes))
}

/**
 * Writes the manifest of a new chain, whole or not at all, or compares it with the one that is there.
 *
 * @throws AppError `chain/manifest-differs` when the folder holds another chain
 */
export async function keepManifest(folder: string, manifest: Manifest): Promise<KeptManifest> {
  const { accounts } = manifest.genesis
  if (accounts instanceof StoredAccounts && accounts.folder === folder) {
    mustBeSame(folder, accounts.seal.head, manifestHead(manifest))
    return { manifest, key: Uint8Array.fromHex(accounts.seal.key) }
  }
  const text = manifestToJson(manifest)
  const own = new TextEncoder().encode(text)
  const stored = await storedBytes(folder)
  if (stored === undefined) {
    await createFolder(folder)
    await writeWholeFile(fileIn(folder), own)
  } else if (Buffer.compare(stored, own) !== 0) {
    mustBeSame(folder, manifestToJson(parseManifest(new TextDecoder().decode(stored))), text)
  }
  const key = keyOfManifest(own)
  const bytes = stored ?? own
  if (bytes.length < sealedFrom) return { manifest, key }
  const seal: Seal = {
    ...{ head: manifestHead(manifest), key: key.toHex(), bytes: bytes.length },
    ...{ digest: sha256(bytes).toHex(), source: manifest.source },
  }
  await writeWholeFile(sealIn(folder), new TextEncoder().encode(JSON.stringify(seal)))
  return { manifest: sealedManifest(folder, seal), key }
}

/** An error that says which field of a birth is not as it was. */
export function otherChain(folder: string, field: string): AppError {
  const message = `${folder} holds a chain that was born with another ${field}; start with the settings of its birth, or choose another folder by --data`
  return new AppError({ code: 'chain/manifest-differs', message, data: { folder, field } })
}

/** The accounts of a large manifest, read from its file each time they are asked for. */
class StoredAccounts implements GenesisAccounts {
  readonly folder: string
  readonly seal: Seal

  constructor(folder: string, seal: Seal) {
    this.folder = folder
    this.seal = seal
  }

  [Symbol.iterator](): Iterator<GenesisAccount> {
    return accountsIn(this.#bytes())
  }

  hasAll(addresses: readonly Address[]): boolean {
    const bytes = this.#bytes()
    return addresses.every((address) => bytes.includes(`"address":"${toHex(address)}"`))
  }

  #bytes(): Buffer {
    const file = fileIn(this.folder)
    const bytes = readFileSync(file)
    if (sha256(bytes).toHex() === this.seal.digest) return bytes
    const message = `${file} was changed after the birth of the chain; restore it from a backup`
    throw new AppError({ code: 'chain/damaged-manifest', message })
  }
}

function sealedManifest(folder: string, seal: Seal): Manifest {
  const head = parseManifest(seal.head)
  const accounts = new StoredAccounts(folder, seal)
  return { ...head, genesis: { ...head.genesis, accounts } }
}

async function readSeal(folder: string): Promise<Seal | undefined> {
  try {
    const seal = JSON.parse(await readFile(sealIn(folder), 'utf8')) as Seal
    const { size } = await stat(fileIn(folder))
    return size === seal.bytes ? seal : undefined
  } catch {
    return undefined
  }
}

async function storedBytes(folder: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(fileIn(folder))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Compares two canonical manifests. @throws AppError `chain/manifest-differs` */
function mustBeSame(folder: string, stored: string, given: string): void {
  if (stored === given) return
  const flat = (text: string): Record<string, unknown> => {
    const { consensus, genesis, forks, hardfork, ...rest } = JSON.parse(text)
    return { ...rest, hardfork: forks ?? hardfork, ...consensus, ...genesis }
  }
  const [left, right] = [flat(stored), flat(given)]
  const field = Object.keys({ ...left, ...right }).find(
    (name) => JSON.stringify(left[name]) !== JSON.stringify(right[name]),
  )
  if (field !== undefined) throw otherChain(folder, field)
}

/** Stands between a validator's key and whoever wants its signature, so that it never signs two things in one place. */

import { AppError } from '../../base/app-error.ts'
import { concatBytes, equalBytes, toHex } from '../../base/bytes.ts'
import { type NewestFile, openNewestFile } from '../../store/newest-file.ts'
import type { Instance } from '../consensus/messages.ts'
import { comparePlaces, type SignedPlace, signedPlace } from '../consensus/sign-bytes.ts'
import { decodeRlp, encodeRlp, type RlpValue, rlpBytes, rlpList } from '../ledger/rlp.ts'
import type { Hash } from '../ledger/transaction.ts'

/** What a guard works with. */
export interface SigningGuardOptions {
  /** Belongs to the key: who copies a chain's data does not copy the right to sign. */
  readonly file: string
  readonly chainKey: Hash
  /** The key. */
  readonly sign: (bytes: Uint8Array) => Uint8Array
  /** Opens the file; the machine's own disk unless given. */
  readonly open?: typeof openNewestFile | undefined
}

/** A signature, which may leave the process once its place is on disk. */
export interface GuardedSignature {
  readonly signature: Uint8Array
  readonly onDisk: Promise<void>
}

/** The last that was signed of an instance. */
interface Entry {
  readonly place: SignedPlace
  readonly bytes: Uint8Array
  readonly signature: Uint8Array
}

type Signed = Entry & GuardedSignature

/** Two instances with a signature each; one of ML-DSA-65 has 3,309 bytes. */
export const mostGuardBytes = 8 * 1024

/** Opens the guard of a key; @throws AppError `store/damaged-file`, `consensus/other-chain`, `consensus/damaged-guard` */
export async function openSigningGuard(options: SigningGuardOptions): Promise<SigningGuard> {
  const { open = openNewestFile } = options
  const file = await open(options.file, mostGuardBytes)
  try {
    return new SigningGuard(options, file, decodeSigned(file.value, options))
  } catch (error) {
    await file.close()
    throw error
  }
}

/** The guard of a key, after the model of CometBFT's `priv_validator_state`. */
export class SigningGuard {
  readonly #options: SigningGuardOptions
  readonly #file: NewestFile
  readonly #signed: Map<Instance, Signed>

  constructor(options: SigningGuardOptions, file: NewestFile, signed: Map<Instance, Signed>) {
    this.#options = options
    this.#file = file
    this.#signed = signed
  }

  /** Makes the key this chain's before it has signed anything. */
  async claim(): Promise<void> {
    if (this.#file.value.length > 0 || this.#signed.size > 0) return
    await this.#file.write(encodeEntries(new Map(), this.#options.chainKey))
  }

  /** The last place that was signed. */
  highest(instance: Instance): SignedPlace | undefined {
    return this.#signed.get(instance)?.place
  }

  /** What was signed for it, and how: a crash may have kept it from the log. */
  last(
    instance: Instance,
  ): { readonly bytes: Uint8Array; readonly signature: Uint8Array } | undefined {
    return this.#signed.get(instance)
  }

  /**
   * Signs a vote or a proposal. The same bytes get the same signature again.
   *
   * @throws AppError `consensus/would-sign-twice` for a place that is over, `consensus/other-chain`,
   * `consensus/not-to-be-signed` for bytes that are neither
   */
  sign(bytes: Uint8Array): GuardedSignature {
    const place = signedPlace(bytes)
    if (place === undefined) {
      const message = `${bytes.length} bytes are neither a vote nor a proposal, and a validator's key signs nothing else`
      throw new AppError({ code: 'consensus/not-to-be-signed', message })
    }
    if (!equalBytes(place.chainKey, this.#options.chainKey)) throw otherChain(this.#options)
    const last = this.#signed.get(place.instance)
    const order = last ? comparePlaces(place, last.place) : 1
    if (last && order === 0 && equalBytes(bytes, last.bytes)) {
      return last
    }
    if (last && order <= 0) throw wouldSignTwice(place, last.place)
    const signature = this.#options.sign(bytes)
    const entries = new Map<Instance, Entry>(this.#signed)
    entries.set(place.instance, { place, bytes, signature })
    const onDisk = this.#file.write(encodeEntries(entries, this.#options.chainKey))
    const signed = { place, bytes, signature, onDisk }
    this.#signed.set(place.instance, signed)
    return signed
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

function encodeEntries(signed: ReadonlyMap<Instance, Entry>, chainKey: Hash): Uint8Array {
  return encodeRlp([
    chainKey,
    [...signed.values()].map(({ bytes, signature }) => [bytes, signature]),
  ])
}

function decodeSigned(file: Uint8Array, options: SigningGuardOptions): Map<Instance, Signed> {
  if (movedGuard(file)) throw movedAway(options.file)
  const { chainKey, signed } = decodeGuard(file, options.file)
  if (chainKey && !equalBytes(chainKey, options.chainKey)) throw otherChain(options)
  return signed
}

/** What the file of a guard holds. */
export interface GuardContent {
  /** Absent before anything was signed. */
  readonly chainKey: Hash | undefined
  readonly signed: Map<Instance, Signed>
}

/** @throws AppError `consensus/damaged-guard` */
export function decodeGuard(bytes: Uint8Array, file: string): GuardContent {
  if (bytes.length === 0) return { chainKey: undefined, signed: new Map() }
  try {
    const [key, entries] = rlpList(decodeRlp(bytes), 'the guard', 2)
    const chainKey = rlpBytes(key, 'the chain key', 32)
    return { chainKey, signed: new Map(rlpList(entries, 'what was signed').map(signedFrom)) }
  } catch (cause) {
    const message = `${file} does not hold what a guard writes; restore it from a backup`
    throw new AppError({ code: 'consensus/damaged-guard', message, cause })
  }
}

/** Stands before what a guard held when its key went to another machine; no RLP of a guard begins so. */
const movedMark = new TextEncoder().encode('moved/1')

/** What a guard held that signs no more because its key was moved; `undefined` for one that does. */
export function movedGuard(bytes: Uint8Array): Uint8Array | undefined {
  const isMoved = equalBytes(bytes.subarray(0, movedMark.length), movedMark)
  return isMoved ? bytes.slice(movedMark.length) : undefined
}

/** The content that lets a guard sign no more. */
export function asMoved(bytes: Uint8Array): Uint8Array {
  return concatBytes(movedMark, bytes)
}

function movedAway(file: string): AppError {
  const message = `the key of ${file} was moved to another machine, and signs nothing here; "chain validators receive" takes it back`
  return new AppError({ code: 'consensus/key-moved', message })
}

function signedFrom(value: RlpValue): [Instance, Signed] {
  const [first, second] = rlpList(value, 'what was signed', 2)
  const bytes = rlpBytes(first, 'the bytes')
  const place = signedPlace(bytes)
  if (place === undefined) throw new Error('the bytes are neither a vote nor a proposal')
  const signature = rlpBytes(second, 'the signature')
  return [place.instance, { place, bytes, signature, onDisk: Promise.resolve() }]
}

function otherChain({ file, chainKey }: SigningGuardOptions): AppError {
  const message = `the key of ${file} signs for another chain than ${toHex(chainKey)}; each chain needs a key of its own`
  return new AppError({ code: 'consensus/other-chain', message })
}

function wouldSignTwice(place: SignedPlace, last: SignedPlace): AppError {
  const told = ({ height, round, step }: SignedPlace) =>
    `height ${height}, round ${round}, ${['proposal', 'prevote', 'precommit'][step]}`
  const message = `nothing more is signed for ${told(place)}: the key has signed for ${told(last)} already`
  return new AppError({ code: 'consensus/would-sign-twice', message })
}

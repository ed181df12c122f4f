/** Takes the guard of a validator's key out of use on one machine, with all that it knows, and into use on another. */

import { AppError } from '../base/app-error.ts'
import { equalBytes } from '../base/bytes.ts'
import { openNewestFile } from '../store/newest-file.ts'
import type { SignedPlace } from './consensus/sign-bytes.ts'
import { comparePlaces } from './consensus/sign-bytes.ts'
import type { Hash } from './ledger/transaction.ts'
import {
  asMoved,
  decodeGuard,
  type GuardContent,
  mostGuardBytes,
  movedGuard,
} from './validating/signing-guard.ts'

/** A guard as it lies on disk. */
export interface StoredGuard {
  /** What it has signed, in its own encoding. */
  readonly bytes: Uint8Array
  /** Whether its key was moved away. */
  readonly isMoved: boolean
  /** Absent before anything was signed. */
  readonly chainKey: Hash | undefined
  /** The last place that was signed of blocks. */
  readonly highest: SignedPlace | undefined
}

/** Reads a guard, which is made if there is none; @throws AppError `store/damaged-file`, `consensus/damaged-guard` */
export function readGuard(file: string): Promise<StoredGuard> {
  return withGuard(file, async ({ stored }) => stored)
}

/** Lets a guard sign no more; once more changes nothing. */
export function retireGuard(file: string): Promise<void> {
  return withGuard(file, async ({ stored, write }) => {
    if (!stored.isMoved) await write(asMoved(stored.bytes))
  })
}

/**
 * Puts into use what a guard held elsewhere. A guard that is there must be new, hold the same, or be one whose key went away
 * and that has signed no more than the other.
 *
 * @throws AppError `consensus/damaged-guard`, `consensus/guard-in-use`
 */
export function installGuard(file: string, bytes: Uint8Array): Promise<void> {
  const next = decodeGuard(bytes, 'what is received')
  return withGuard(file, async ({ stored, write }) => {
    const isSame = !stored.isMoved && equalBytes(stored.bytes, bytes)
    if (isSame) return
    if (
      stored.isMoved ? isBehind(decodeGuard(stored.bytes, file), next) : stored.bytes.length === 0
    ) {
      await write(bytes)
      return
    }
    const message = `${file} is a guard that has signed something else or more; give the received key another file`
    throw new AppError({ code: 'consensus/guard-in-use', message })
  })
}

/** Whether one guard has signed nothing that comes after what another has signed. */
function isBehind(one: GuardContent, other: GuardContent): boolean {
  if (one.chainKey === undefined) return true
  if (other.chainKey === undefined || !equalBytes(one.chainKey, other.chainKey)) return false
  return [...one.signed].every(([instance, { place }]) => {
    const last = other.signed.get(instance)
    return last !== undefined && comparePlaces(place, last.place) <= 0
  })
}

async function withGuard<T>(
  name: string,
  work: (guard: {
    readonly stored: StoredGuard
    readonly write: (bytes: Uint8Array) => Promise<void>
  }) => Promise<T>,
): Promise<T> {
  const file = await openNewestFile(name, mostGuardBytes)
  try {
    const moved = movedGuard(file.value)
    const bytes = moved ?? file.value
    const { chainKey, signed } = decodeGuard(bytes, name)
    const stored = { bytes, isMoved: moved !== undefined, chainKey, highest: signed.get(0)?.place }
    return await work({ stored, write: (value) => file.write(value) })
  } finally {
    await file.close()
  }
}

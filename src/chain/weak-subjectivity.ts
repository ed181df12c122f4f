/** Says when a chain of stakes needs somebody's word: who took a stake back can sign a second history and lose nothing. */

import { AppError } from '../base/app-error.ts'
import { equalBytes, toHex } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { Block } from './ledger/block.ts'
import type { Manifest } from './ledger/manifest.ts'
import type { Hash } from './ledger/transaction.ts'

/** A block that an operator trusts, from somebody who runs a node. */
export interface TrustedPlace {
  readonly number: bigint
  readonly hash: Hash
}

/** A chain that is opened again. */
interface ReturningChain {
  readonly head: Block
  readonly trust: TrustedPlace | undefined
  readonly nowMs: number
  readonly blockHash: (number: bigint) => Hash | undefined
}

/**
 * The first block is trusted if it is young.
 *
 * @throws AppError `chain/needs-trust`
 */
export function mustBeYoung({ consensus, genesis, name }: Manifest, clock: Clock): void {
  const most = trustSeconds(consensus)
  if (most === undefined || ageOf(genesis.timestamp, clock.nowMs()) <= most) return
  const message = `the chain "${name}" is older than half the time after which stakes are free (${most} s): ask somebody who runs a node for the number and hash of a block younger than that, and name it by --trust HEIGHT:HASH`
  throw new AppError({ code: 'chain/needs-trust', message })
}

/**
 * The own head is trusted if this node was not away for too long. A trusted block that is here must be the same one; one that is
 * not is compared when it comes.
 *
 * @throws AppError `chain/needs-trust`, `chain/other-history`
 */
export function mustBeRecent({ consensus, name }: Manifest, chain: ReturningChain): void {
  const { head, trust, nowMs, blockHash } = chain
  const { number, timestamp } = head.header
  const own = trust && blockHash(trust.number)
  if (trust && own && !equalBytes(own, trust.hash)) {
    const message = `block ${trust.number} of the chain "${name}" is ${toHex(own)} here, and not ${toHex(trust.hash)} as --trust says: remove the chain and join it again by that block, unless whoever named it was wrong`
    throw new AppError({ code: 'chain/other-history', message })
  }
  const most = trustSeconds(consensus)
  if (most === undefined || number === 0n || ageOf(timestamp, nowMs) <= most) return
  if (trust && trust.number >= number) return
  const message = `the chain "${name}" ends here with block ${number}, which is older than half the time after which stakes are free (${most} s): ask somebody who runs a node for the number and hash of a block younger than that (of the last one there is, if all nodes were away), and name it by --trust HEIGHT:HASH`
  throw new AppError({ code: 'chain/needs-trust', message })
}

/** Whether a block stands where another is trusted. */
export function isAgainst(trust: TrustedPlace | undefined, { header, hash }: Block): boolean {
  return trust?.number === header.number && !equalBytes(trust.hash, hash)
}

/** How old what is trusted may be, where stakes can be taken back. */
function trustSeconds(consensus: Manifest['consensus']): bigint | undefined {
  return 'unbondingSeconds' in consensus ? BigInt(consensus.unbondingSeconds) / 2n : undefined
}

function ageOf(timestamp: bigint, nowMs: number): bigint {
  return BigInt(Math.floor(nowMs / 1_000)) - timestamp
}

/** Keeps what a validator has signed and locked at a height on disk before any of it leaves: its write-ahead log. */

import { AppError } from '../../base/app-error.ts'
import { equalBytes, toHex } from '../../base/bytes.ts'
import { type BlockLog, firstPosition, openBlockLog } from '../../store/block-log.ts'
import {
  decodeRlp,
  encodeRlp,
  type RlpSource,
  type RlpValue,
  rlpBytes,
  rlpList,
  rlpNumber,
} from '../ledger/rlp.ts'
import type { Address, Hash } from '../ledger/transaction.ts'

/** What is written of a height, in the order in which it was. */
export type SigningEntry =
  /** A message of one's own, in the bytes that travel: after a restart these are sent again, and nothing is signed anew. */
  | { readonly kind: 'signed'; readonly message: Uint8Array }
  /** What the engine has to remember, in its own encoding; the last one counts. */
  | { readonly kind: 'core'; readonly state: Uint8Array }
  /** A block that is locked or was proposed. */
  | { readonly kind: 'block'; readonly hash: Hash; readonly block: Uint8Array }

/** What the log holds of the height that it was last written for. */
export interface LoggedHeight {
  readonly height: bigint
  readonly messages: readonly Uint8Array[]
  readonly state: Uint8Array | undefined
  readonly blocks: readonly { readonly hash: Hash; readonly block: Uint8Array }[]
}

/** Whose log it is. */
export interface SigningLogOptions {
  readonly path: string
  readonly chainKey: Hash
  readonly address: Address
  /** Hears of bytes at the end that a crash left unfinished: nothing of them was ever sent. */
  readonly cut?: (bytes: number) => void
  /** Opens the file; the machine's own disk unless given. */
  readonly open?: typeof openBlockLog | undefined
}

/** An open log. */
export interface SigningLog {
  /** What the process before this one left; nothing when no height was begun. */
  readonly found: LoggedHeight | undefined
  /** Writes what one step of the engine brought, and resolves when all of it is on disk. */
  append(height: bigint, entries: readonly SigningEntry[]): Promise<void>
  /**
   * Forgets all of it, since this height comes now and the block before it is on disk. The log says so: of one that is
   * lost while its guard has signed, nothing is known, but a crash between the two leaves a log that knows the height.
   */
  begin(height: bigint): Promise<void>
  close(): Promise<void>
}

const kinds = ['signed', 'core', 'block'] as const

/**
 * Opens the log of a validator. Records, checksums, an unfinished end and damage are those of a block log.
 *
 * @throws AppError `consensus/other-log`, `store/damaged-log`, `store/unwritable-folder`
 */
export async function openSigningLog(options: SigningLogOptions): Promise<SigningLog> {
  const { path, chainKey, address, cut, open = openBlockLog } = options
  const owner = encodeRlp([chainKey, address])
  let found: LoggedHeight | undefined
  let isOwned = false
  const visit = (payload: Uint8Array) => {
    if (isOwned) found = joined(found, payload)
    else if (equalBytes(payload, owner)) isOwned = true
    else throw otherLog(options)
  }
  const log = await open({ path, visit, ...(cut && { cut }) })
  if (!isOwned) {
    await log.append(owner).catch(async (error: unknown) => {
      await log.close()
      throw error
    })
  }
  return logOver(log, found)
}

function logOver(log: BlockLog, found: LoggedHeight | undefined): SigningLog {
  return {
    found,
    async append(height, entries) {
      await log.append(encodeRlp([height, entries.map(encodeEntry)]))
    },
    async begin(height) {
      // The first record says whose log it is.
      await log.cutTo(log.behind(firstPosition))
      await log.append(encodeRlp([height, []]))
    },
    close: () => log.close(),
  }
}

function encodeEntry(entry: SigningEntry): RlpSource {
  const kind = kinds.indexOf(entry.kind)
  if (entry.kind === 'signed') return [kind, entry.message]
  if (entry.kind === 'core') return [kind, entry.state]
  return [kind, entry.hash, entry.block]
}

/** What is known of a height, with a further record; one of a later height stands alone. */
function joined(before: LoggedHeight | undefined, payload: Uint8Array): LoggedHeight {
  const [heightValue, entries] = rlpList(decodeRlp(payload), 'a record', 2)
  const height = rlpNumber(heightValue, 'height', 64)
  const nothing = { height, messages: [], state: undefined, blocks: [] }
  const known = before?.height === height ? before : nothing
  return rlpList(entries, 'entries').reduce(withEntry, known)
}

function withEntry(known: LoggedHeight, value: RlpValue): LoggedHeight {
  const [kind, first, second] = rlpList(value, 'an entry')
  const bytes = rlpBytes(first, 'an entry')
  const name = kinds[Number(rlpNumber(kind, 'kind', 8))]
  if (name === 'signed') return { ...known, messages: [...known.messages, bytes] }
  if (name === 'core') return { ...known, state: bytes }
  const block = { hash: bytes, block: rlpBytes(second, 'a block') }
  return { ...known, blocks: [...known.blocks, block] }
}

function otherLog({ path, chainKey, address }: SigningLogOptions): AppError {
  const message = `${path} is the log of another validator or chain than ${toHex(address)} on ${toHex(chainKey)}; move it away, or give the right key`
  return new AppError({ code: 'consensus/other-log', message })
}

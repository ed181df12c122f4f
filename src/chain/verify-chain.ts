/** Checks what a chain's folder holds: recomputes all that headers commit to, and runs the blocks again if asked to. */

import path from 'node:path'
import { equalBytes, toHex } from '../base/bytes.ts'
import { silentLogger } from '../base/logger.ts'
import { birthOf } from './birth-state.ts'
import { type BuildingSite, type BuiltBlock, runBlock } from './block-building.ts'
import { baseBlock, type ChainBase, hashBefore, hashesBefore, openBaseState } from './chain-base.ts'
import { readChainRecords } from './chain-log.ts'
import { ChainPast } from './chain-past.ts'
import { type BlockRecord, headOf, type LogRecord } from './chain-records.ts'
import { encodeDerived } from './consensus/derived.ts'
import { createEvm } from './evm/create-evm.ts'
import type { Evm } from './evm/evm.ts'
import { birthAccounts } from './genesis.ts'
import type { Block, ExecutedBlock, Header } from './ledger/block.ts'
import {
  decodeExecutedBlock,
  encodeExecutedBlock,
  encodeReceipt,
  encodeWithdrawal,
  ommersHash,
} from './ledger/block-codec.ts'
import { bloomOf, joinBlooms } from './ledger/bloom.ts'
import type { ChainRules } from './ledger/fork-rules.ts'
import { chainRules } from './ledger/fork-schedule.ts'
import { impersonatedSender } from './ledger/impersonation.ts'
import type { Manifest } from './ledger/manifest.ts'
import { chainKey } from './ledger/manifest-codec.ts'
import type { Address, Hash } from './ledger/transaction.ts'
import { encodeTransaction, senderOf, transactionHash } from './ledger/transaction-codec.ts'
import { checkpointFile, readCheckpoint } from './resumption.ts'
import { decodeDifference } from './state/difference-codec.ts'
import { orderedRoot } from './state/ordered-root.ts'
import { StateSpill } from './state-spill.ts'
import { turnTaking } from './turn-taking.ts'
import { CheckpointCheck } from './verify-checkpoint.ts'
import { SealCheck } from './verify-seals.ts'

/** Which chain, and how thoroughly. */
export interface VerifyOptions {
  readonly manifest: Manifest
  /** Of all chains. */
  readonly folder: string
  /** Runs every transaction again, beside recomputing the roots of what is stored. */
  readonly run: boolean
  /** Memory of the states that are kept, above which the others go to disk; default 1 GiB. */
  readonly stateMemoryBytes?: number
  readonly signal?: AbortSignal
  /** Hears of each block that was looked at. */
  readonly tell?: (number: bigint) => void
}

/** Something that is not as the chain says. */
export interface Fault {
  /** Absent for what concerns the chain as a whole. */
  readonly number?: bigint
  readonly detail: string
}

/** What was found. */
export interface VerifyResult {
  /** Blocks that were looked at, those among them that have left the chain. */
  readonly blocks: number
  readonly head: Pick<Header, 'number'> & { readonly hash: Hash }
  /** The first ones of all. */
  readonly faults: readonly Fault[]
  readonly faultCount: number
  /** Bytes of an unfinished record that were cut off. */
  readonly cutBytes: number
  readonly isWhole: boolean
}

/** Memory of states above which what did not change lately goes to disk. */
const defaultStateMemoryBytes = 1024 * 1024 * 1024
/** States kept, so that a chain that went back can be followed. */
const keptStates = 128
/** Faults that are told; the others are counted. */
const toldFaults = 100

/**
 * Reads a stored chain that nobody has open.
 *
 * @throws AppError `store/damaged-log` where records cannot be read any more
 */
export async function verifyChain(options: VerifyOptions): Promise<VerifyResult> {
  const { manifest, folder, signal, tell } = options
  const place = path.join(folder, manifest.name)
  const rules = chainRules(manifest)
  const pause = turnTaking()
  const evm = options.run ? await createEvm(rules, { pause }) : undefined
  const verifier = new Verifier(options, rules, evm)
  let [cutBytes, isWhole] = [0, true]
  const readAll = (take: (record: LogRecord) => Promise<void>) =>
    readChainRecords(
      place,
      async (record) => {
        // Or nobody would be heard who wants to end it.
        await pause()
        if (signal?.aborted) isWhole = false
        else await take(record)
      },
      (bytes) => {
        cutBytes += bytes
      },
    )
  await readAll(async (record) => {
    await verifier.take(record)
    if (record.kind === 'block') tell?.(headOf(record).header.number)
  })
  // What the blocks changed is read again: a checkpoint may be of any of them.
  if (isWhole && verifier.beginCheckpoint())
    await readAll(async (record) => verifier.compare(record))
  return { ...verifier.end(), cutBytes, isWhole }
}

/** Follows the records of a chain and collects what is wrong with them. */
class Verifier {
  readonly #manifest: Manifest
  readonly #rules: ChainRules
  readonly #evm: Evm | undefined
  #past = new ChainPast(keptStates)
  readonly #folder: string
  readonly #seals: SealCheck
  readonly #checkpoint: CheckpointCheck | undefined
  readonly #spill: StateSpill
  readonly #hashes: Hash[]
  readonly #faults: Fault[] = []
  #faultCount = 0
  #blocks = 0

  /** @param evm - runs the blocks again, if they are to be run */
  constructor(options: VerifyOptions, rules: ChainRules, evm: Evm | undefined) {
    const { manifest, folder, stateMemoryBytes = defaultStateMemoryBytes } = options
    const spilled = path.join(folder, manifest.name, 'verified.states')
    this.#spill = new StateSpill(spilled, stateMemoryBytes)
    this.#folder = path.join(folder, manifest.name)
    this.#manifest = manifest
    this.#rules = rules
    this.#evm = evm
    const { executed, state } = birthOf(manifest, path.join(folder, manifest.name))
    this.#past.add(executed.block, state)
    this.#hashes = [executed.block.hash]
    this.#seals = new SealCheck(manifest, rules, executed.block.hash)
    const kept = readCheckpoint(checkpointFile(path.join(folder, manifest.name)), {
      ...silentLogger,
      warn: (message, fields) => this.#fault(`${message}: ${fields?.error}`),
    })
    this.#checkpoint = kept && new CheckpointCheck(kept)
    this.#checkpoint?.meet(executed.block.hash, state)
  }

  async take(record: LogRecord): Promise<void> {
    if (record.kind === 'block') await this.#takeBlock(record)
    else if (record.kind === 'change') {
      this.#past.change(this.#past.state.apply(record.difference))
    } else if (record.kind === 'rewind') {
      this.#past.rewindTo(record.number, record.changes)
      this.#hashes.length = Number(record.number) + 1
    } else if (record.kind === 'base') this.#begin(record.base)
    else if (!equalBytes(record.key, chainKey(this.#manifest))) {
      this.#fault('the manifest is not that of the birth of the chain')
    }
  }

  /** A joined chain: what was before this block is not here. */
  #begin(base: ChainBase): void {
    const { block } = baseBlock(base)
    const { number, stateRoot } = block.header
    const state = openBaseState(this.#folder, stateRoot)
    this.#past = new ChainPast(keptStates)
    this.#past.add(block, state)
    this.#seals.begin(block.hash, base.derived)
    this.#checkpoint?.meet(block.hash, state)
    for (let at = 1n; at <= BigInt(hashesBefore); at += 1n) {
      const hash = hashBefore(base, number - at)
      if (hash) this.#hashes[Number(number - at)] = hash
    }
    this.#hashes[Number(number)] = block.hash
  }

  /** Whether there is a checkpoint whose contents can be compared, once all records were taken. */
  beginCheckpoint(): boolean {
    if (this.#checkpoint === undefined) return false
    const detail = this.#checkpoint.fault()
    if (detail !== undefined) this.#fault(detail)
    const accounts = birthAccounts(this.#manifest)
    for (const one of this.#checkpoint.faultsOf(accounts)) this.#fault(one)
    return detail === undefined
  }

  /** Compares what a record has changed with the checkpoint. */
  compare(record: LogRecord): void {
    if (record.kind !== 'block') return
    const details = this.#checkpoint?.faultsOf(decodeDifference(record.difference).accounts) ?? []
    for (const detail of details) this.#fault(detail)
  }

  end() {
    this.#checkpoint?.end()
    const { header, hash } = this.#past.head
    return {
      ...{ blocks: this.#blocks, faults: this.#faults, faultCount: this.#faultCount },
      head: { number: header.number, hash },
    }
  }

  async #takeBlock({ stored: bytes, difference, derived }: BlockRecord) {
    const executed = decodeExecutedBlock(bytes)
    const { header, hash } = executed.block
    const { number } = header
    const stored = { executed, difference, derived, state: this.#past.state.apply(difference) }
    const senders = this.#sendersOf(executed.block)
    const details = [
      ...storedFaults(stored, this.#past.head),
      ...this.#seals.faultsOf({ block: executed.block, derived }, this.#past.head),
      ...senderFaults(stored.executed, senders),
      ...(this.#evm ? await runFaults(this.#site(this.#evm), stored, senders) : []),
    ]
    for (const detail of details) this.#fault(detail, number)
    this.#checkpoint?.meet(hash, stored.state)
    this.#past.add(executed.block, stored.state)
    await this.#spill.consider(stored.state)
    this.#hashes[Number(number)] = hash
    this.#blocks += 1
  }

  #site(evm: Evm): BuildingSite {
    const { head, state } = this.#past
    const blockHash = (at: bigint) => this.#hashes[Number(at)]
    const close = this.#seals.closing(head.hash)
    return { evm, rules: this.#rules, parent: head.header, state, blockHash, close }
  }

  /** Who signed; development chains take the word of impersonated senders. */
  #sendersOf({ header, transactions }: Block): readonly (Address | undefined)[] {
    const { hardfork } = this.#rules.rulesAt(header)
    const isOwn = this.#manifest.consensus.engine === 'dev'
    return transactions.map(
      (one) => senderOf(one, hardfork) ?? (isOwn ? impersonatedSender(one) : undefined),
    )
  }

  #fault(detail: string, number?: bigint): void {
    this.#faultCount += 1
    if (this.#faults.length >= toldFaults) return
    this.#faults.push(number === undefined ? { detail } : { number, detail })
  }
}

/** Which senders are not those that are stored. */
function senderFaults(
  { senders }: ExecutedBlock,
  found: readonly (Address | undefined)[],
): readonly string[] {
  return found.flatMap((sender, at) =>
    textOf(sender) === textOf(senders[at])
      ? []
      : [`the stored sender of transaction ${at} is another one`],
  )
}

/** What of a stored block is not as its header or its transactions say. */
function* storedFaults(
  { executed, state }: Pick<BuiltBlock, 'executed' | 'state'>,
  parent: { readonly header: Header; readonly hash: Hash },
): Generator<string> {
  const { block, receipts, transactionHashes } = executed
  const { header, transactions, ommers, withdrawals } = block
  if (header.number !== parent.header.number + 1n || !equalBytes(header.parentHash, parent.hash)) {
    yield `its parent is not block ${parent.header.number}, ${toHex(parent.hash)}`
  }
  const found: Partial<Header> = {
    stateRoot: state.root,
    transactionsRoot: orderedRoot(transactions.map(encodeTransaction)),
    receiptsRoot: orderedRoot(receipts.map(encodeReceipt)),
    logsBloom: joinBlooms(receipts.map(({ logs }) => bloomOf(logs))),
    ommersHash: ommersHash(ommers),
    gasUsed: receipts.at(-1)?.cumulativeGasUsed ?? 0n,
    withdrawalsRoot: withdrawals && orderedRoot(withdrawals.map(encodeWithdrawal)),
  }
  for (const [name, value] of Object.entries(found)) {
    const given = header[name as keyof Header]
    if (textOf(given) !== textOf(value)) {
      yield `${name} is ${textOf(given)} in the header, ${textOf(value)} by what is stored`
    }
  }
  for (const [at, transaction] of transactions.entries()) {
    if (textOf(transactionHash(transaction)) !== textOf(transactionHashes[at])) {
      yield `the stored hash of transaction ${at} is another one`
    }
  }
}

/** What running a block gives that is not what was stored. */
async function runFaults(
  site: BuildingSite,
  stored: Pick<BuiltBlock, 'executed' | 'state'> & { readonly derived: Uint8Array | undefined },
  senders: readonly (Address | undefined)[],
): Promise<readonly string[]> {
  const ran = await runBlock(site, { block: stored.executed.block, senders })
  if ('kind' in ran) return [`running it: ${ran.rule}, ${ran.detail}`]
  const faults: string[] = []
  const { root } = ran.state
  ran.state.release()
  if (!equalBytes(root, stored.state.root)) {
    faults.push(`running it leads to state ${toHex(root)}`)
  }
  if (!equalBytes(encodeExecutedBlock(ran.executed), encodeExecutedBlock(stored.executed))) {
    faults.push('running it gives other receipts or senders than are stored')
  }
  const nothing = new Uint8Array()
  const derived = ran.derived ? encodeDerived(ran.derived) : nothing
  if (!equalBytes(derived, stored.derived ?? nothing)) {
    faults.push('what is stored as following from it does not')
  }
  return faults
}

function textOf(value: Uint8Array | bigint | undefined): string {
  if (value === undefined) return 'absent'
  return value instanceof Uint8Array ? toHex(value) : String(value)
}

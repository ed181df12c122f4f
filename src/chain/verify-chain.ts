/** Checks what a chain's folder holds: recomputes all that headers commit to, and runs the blocks again if asked to. */

import path from 'node:path'
import { equalBytes, toHex } from '../base/bytes.ts'
import { type BuildingSite, type BuiltBlock, runBlock } from './block-building.ts'
import { type LogRecord, readChainRecords } from './chain-log.ts'
import { ChainPast } from './chain-past.ts'
import { createEvm } from './evm/create-evm.ts'
import { genesisOf } from './genesis.ts'
import type { Header } from './ledger/block.ts'
import {
  encodeExecutedBlock,
  encodeReceipt,
  encodeWithdrawal,
  ommersHash,
} from './ledger/block-codec.ts'
import { bloomOf } from './ledger/bloom.ts'
import { chainRules } from './ledger/fork-schedule.ts'
import { impersonatedSender } from './ledger/impersonation.ts'
import type { Manifest } from './ledger/manifest.ts'
import { chainKey } from './ledger/manifest-codec.ts'
import type { Address, Hash } from './ledger/transaction.ts'
import { encodeTransaction, senderOf, transactionHash } from './ledger/transaction-codec.ts'
import { orderedRoot } from './state/ordered-root.ts'
import { turnTaking } from './turn-taking.ts'

/** Which chain, and how thoroughly. */
export interface VerifyOptions {
  readonly manifest: Manifest
  /** Of all chains. */
  readonly folder: string
  /** Runs every transaction again, beside recomputing the roots of what is stored. */
  readonly run: boolean
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
  const verifier = await createVerifier(options)
  let [cutBytes, isWhole] = [0, true]
  const visit = async (record: LogRecord) => {
    if (signal?.aborted) isWhole = false
    else {
      await verifier.take(record)
      if (record.kind === 'block') tell?.(record.executed.block.header.number)
    }
  }
  await readChainRecords(path.join(folder, manifest.name), visit, (bytes) => {
    cutBytes += bytes
  })
  return { ...verifier.result(), cutBytes, isWhole }
}

async function createVerifier({ manifest, run }: VerifyOptions) {
  const rules = chainRules(manifest)
  const evm = run ? await createEvm(rules, { pause: turnTaking() }) : undefined
  const past = new ChainPast(keptStates)
  const isOwn = manifest.consensus.engine === 'dev'
  const genesis = genesisOf(manifest)
  past.add(genesis.executed, genesis.state)
  const hashes: Hash[] = [genesis.executed.block.hash]
  const faults: Fault[] = []
  let [blocks, faultCount] = [0, 0]
  const fault = (one: Fault) => {
    faultCount += 1
    if (faults.length < toldFaults) faults.push(one)
  }
  const takeBlock = async ({ executed, difference }: Extract<LogRecord, { kind: 'block' }>) => {
    const { header, hash } = executed.block
    const { number } = header
    const parent = past.head
    const state = past.state.apply(difference)
    const stored = { executed, difference, state }
    const { hardfork } = rules.rulesAt(header)
    const senders = executed.block.transactions.map(
      // Development chains take the word of impersonated senders.
      (one) => senderOf(one, hardfork) ?? (isOwn ? impersonatedSender(one) : undefined),
    )
    for (const detail of storedFaults(stored, parent)) fault({ number, detail })
    for (const [at, sender] of senders.entries()) {
      if (textOf(sender) === textOf(executed.senders[at])) continue
      fault({ number, detail: `the stored sender of transaction ${at} is another one` })
    }
    if (evm) {
      const blockHash = (at: bigint) => hashes[Number(at)]
      const site = { evm, rules, parent: parent.header, state: past.state, blockHash }
      for (const detail of await runFaults(site, stored, senders)) fault({ number, detail })
    }
    past.add(executed, state)
    hashes[Number(number)] = hash
    blocks += 1
  }
  return {
    async take(record: LogRecord): Promise<void> {
      if (record.kind === 'block') await takeBlock(record)
      else if (record.kind === 'change') past.change(past.state.apply(record.difference))
      else if (record.kind === 'rewind') {
        past.rewindTo(record.number, record.changes)
        hashes.length = Number(record.number) + 1
      } else if (!equalBytes(record.key, chainKey(manifest))) {
        fault({ detail: 'the manifest is not that of the birth of the chain' })
      }
    },
    result: () => ({
      ...{ blocks, faults, faultCount },
      head: { number: past.head.header.number, hash: past.head.hash },
    }),
  }
}

/** What of a stored block is not as its header or its transactions say. */
function* storedFaults(
  { executed, state }: BuiltBlock,
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
    logsBloom: bloomOf(receipts.flatMap(({ logs }) => logs)),
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
  stored: BuiltBlock,
  senders: readonly (Address | undefined)[],
): Promise<readonly string[]> {
  const ran = await runBlock(site, { block: stored.executed.block, senders })
  if ('kind' in ran) return [`running it: ${ran.rule}, ${ran.detail}`]
  const faults: string[] = []
  if (!equalBytes(ran.state.root, stored.state.root)) {
    faults.push(`running it leads to state ${toHex(ran.state.root)}`)
  }
  if (!equalBytes(encodeExecutedBlock(ran.executed), encodeExecutedBlock(stored.executed))) {
    faults.push('running it gives other receipts or senders than are stored')
  }
  return faults
}

function textOf(value: Uint8Array | bigint | undefined): string {
  if (value === undefined) return 'absent'
  return value instanceof Uint8Array ? toHex(value) : String(value)
}

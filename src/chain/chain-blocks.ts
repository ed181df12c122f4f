/** Answers questions about the blocks and states of a chain. */

import { equalBytes } from '../base/bytes.ts'
import type { BuildingSite } from './block-building.ts'
import { type Closing, closingOn } from './block-closing.ts'
import type { VotingPlace } from './block-voting.ts'
import type { Chain } from './chain.ts'
import { hashBefore } from './chain-base.ts'
import { chainFinality, type ProvenSets, provenSets } from './chain-finality.ts'
import type { ChainParts, DrivenChain } from './chain-parts.ts'
import { hasBit } from './consensus/bit-map.ts'
import type { ChainPoint, HeadSummary } from './consensus/consensus.ts'
import type { Derived } from './consensus/derived.ts'
import type { FinalityProof } from './consensus/finality-proof.ts'
import type { Certificate, ValidatorSet } from './consensus/messages.ts'
import { decodeRecord } from './consensus/record.ts'
import { decodeCertificate, encodeTravellingBlock } from './consensus/travelling-block.ts'
import { type BlockProofs, decodeProofs, encodeDecidedBlock } from './decided-block.ts'
import { nextBaseFee } from './ledger/base-fee.ts'
import type { Block, ExecutedBlock } from './ledger/block.ts'
import { encodeHeader } from './ledger/block-codec.ts'
import type { Address, Hash } from './ledger/transaction.ts'
import type { State } from './state/state.ts'
import type { PoolHead } from './txpool/txpool.ts'
import { mustBeRecent } from './weak-subjectivity.ts'

/** What a chain says of itself, without a part of what moves it. */
export class ChainBlocks {
  protected readonly parts: ChainParts
  protected finalNumber = 0n
  protected safeNumber = 0n
  #head: Block | undefined
  readonly #before: ProvenSets | undefined

  constructor(parts: ChainParts) {
    this.parts = parts
    this.#before = parts.base && provenSets(parts.base)
  }

  get key(): Hash {
    return this.parts.key
  }

  copyState: DrivenChain['copyState'] = (...asked) => this.parts.checkpoints.copy(...asked)

  head(): Block {
    const { header, hash } = this.parts.past.head
    // What came from elsewhere than this process was not read beyond its head.
    if (!this.#head || !equalBytes(this.#head.hash, hash)) {
      this.#head = this.byNumber(header.number)?.block
    }
    if (this.#head === undefined) throw new Error('the log has no block that is the head')
    return this.#head
  }

  safe(): Block {
    return this.byNumber(this.safeNumber)?.block ?? this.parts.genesis.block
  }

  finalized(): Block {
    return this.byNumber(this.finalNumber)?.block ?? this.parts.genesis.block
  }

  byNumber(number: bigint): ExecutedBlock | undefined {
    const { genesis, base, log } = this.parts
    if (number === 0n) return genesis
    return number === base?.number ? base.executed : log.byNumber(number)
  }

  loggedBlock: Chain['loggedBlock'] = (number, mayHold) =>
    number === 0n ? this.parts.genesis : this.parts.log.loggedBlock(number, mayHold)

  byHash(hash: Hash): ExecutedBlock | undefined {
    const { genesis, log } = this.parts
    if (equalBytes(hash, genesis.block.hash)) return genesis
    const number = log.numberOf(hash)
    return number === undefined ? undefined : this.byNumber(number)
  }

  /** The lowest block, besides the first of all, that is here with its transactions and receipts. */
  firstBlock(): bigint {
    const { base } = this.parts
    return base ? base.number + 1n : 1n
  }

  derived(): Derived | undefined {
    return this.parts.derived.of(this.parts.past.head.hash)
  }

  /** What votes, and catching up with them, must know of the chain. */
  protected votedChain() {
    const { key: chainKey, dependencies, signers, evidence } = this.parts
    const { timer, schemes, logger, clock } = dependencies
    return {
      ...{ chainKey, signers, evidence, timer, schemes, logger, nowMs: () => clock.nowMs() },
      ...{ head: () => this.head(), validators: () => this.derived()?.validators },
      ...{ signersAt: (height: bigint) => this.validatorsAt(height) ?? this.likelySetAt(height) },
      isJudge: (height: bigint) => this.validatorsAt(height) !== undefined,
      votesFrom: this.#votesFrom(),
      isValidator: (address: Address) => this.isValidator(address),
      decidedBlock: (height: bigint) => this.decidedBlock(height),
    } satisfies Partial<VotingPlace>
  }

  /** Whether somebody signs the next block. */
  isValidator(address: Address): boolean {
    const list = this.derived()?.validators.list ?? []
    return list.some((one) => equalBytes(one.address, address))
  }

  /** That a block and its parent were decided, where they were. */
  proofsOf(number: bigint): BlockProofs | undefined {
    const { base, log } = this.parts
    if (base && number === base.number) {
      const proof = decodeCertificate(base.certificate)
      return { proof, parentProof: undefined, polkas: [] }
    }
    const stored = number === 0n ? undefined : log.proofsOf(number)
    return stored && decodeProofs(stored)
  }

  decisionOf(number: bigint): Pick<BlockProofs, 'proof' | 'polkas'> | undefined {
    return this.proofsOf(number)
  }

  signersOf(number: bigint): readonly Address[] | undefined {
    // The next block brings the certificate with the votes that came late.
    const proof = this.proofsOf(number + 1n)?.parentProof ?? this.proofsOf(number)?.proof
    const parent = this.blockHash(number - 1n)
    const set = parent && this.parts.derived.of(parent)?.validators
    if (!proof || !set) return undefined
    return set.list.filter((_, at) => hasBit(proof.signers, at)).map(({ address }) => address)
  }

  /** A block with its certificate, as nodes get it that are behind. */
  decidedBlock(number: bigint): Uint8Array | undefined {
    const proofs = number < this.firstBlock() ? undefined : this.proofsOf(number)
    const block = proofs && this.byNumber(number)?.block
    if (!block) return undefined
    const travelling = encodeTravellingBlock({ block, parentProof: proofs.parentProof })
    return encodeDecidedBlock({ block: travelling, certificate: proofs.proof })
  }

  finalityProof(from: bigint, to: bigint): FinalityProof | undefined {
    const source = {
      recorded: (number: bigint) => {
        const { header, record } = this.byNumber(number)?.block ?? {}
        return header && record ? { header: encodeHeader(header), record } : undefined
      },
      certificate: (number: bigint) => this.proofsOf(number)?.proof,
      validators: (number: bigint) => this.validatorsAt(number),
    }
    return chainFinality(source, this.parts.base, { from, to })
  }

  derivedAt(number: bigint): Derived | undefined {
    const hash = number < 0n ? undefined : this.blockHash(number)
    return hash && this.parts.derived.of(hash)
  }

  validatorsAt(height: bigint): ValidatorSet | undefined {
    const derived = this.derivedAt(height - 1n)
    return derived?.validators ?? this.derivedAt(height - 2n)?.nextValidators
  }

  /** Who seems to have signed a height before the chain begins here. */
  likelySetAt(height: bigint): ValidatorSet | undefined {
    return this.#before?.at(height)
  }

  /** Who votes must know all sets whose evidence a block may carry. */
  #votesFrom(): bigint {
    const { from = 1n } = this.#before ?? {}
    const { consensus } = this.parts.options.manifest
    if (from <= 1n || !('evidenceHeights' in consensus)) return 1n
    return from + BigInt(consensus.evidenceHeights)
  }

  /** A node with links must not be led astray by those who had stakes once. @throws what `mustBeRecent` throws */
  protected mustBeTrusted(): void {
    const { dependencies, options } = this.parts
    if (!dependencies.join) return
    mustBeRecent(options.manifest, {
      ...{ head: this.head(), trust: options.trust, nowMs: dependencies.clock.nowMs() },
      blockHash: (number) => this.blockHash(number),
    })
  }

  closing(): Closing | undefined {
    const { derived, past, engine } = this.parts
    const derivedOf = (hash: Hash) => derived.of(hash)
    return closingOn(engine, derivedOf(past.head.hash), derivedOf)
  }

  /** Where the next block is built or run. */
  protected site(): BuildingSite {
    const { evm, rules, past } = this.parts
    const blockHash = (number: bigint) => this.blockHash(number)
    const { header: parent } = this.head()
    return { evm, rules, parent, state: past.state, blockHash, close: this.closing() }
  }

  /** The head, as fork choice sees it. */
  protected summary(): HeadSummary {
    const { header, hash, record } = this.head()
    const { number, parentHash: parent, timestamp } = header
    // To the millisecond, where the block has a record that says so.
    const ms = record ? BigInt(decodeRecord(record).timeMs) : 0n
    return {
      ...{ number, hash, parent, timestampMs: timestamp * 1_000n + ms },
      ...{ finalNumber: this.finalNumber, totalWork: this.parts.derived.of(hash)?.totalWork },
    }
  }

  /** Blocks of the chain that votes can make final, and the last that it says itself to be; oldest first. */
  protected points(): readonly ChainPoint[] | undefined {
    const { engine, derived } = this.parts
    if (engine.checkpointEvery === undefined) return undefined
    const every = BigInt(engine.checkpointEvery)
    const { header, hash } = this.head()
    const own = derived.of(hash)?.finality?.number ?? 0n
    const oldest = header.number - 2n * BigInt(engine.maxReorg ?? 0)
    const lowest = own > oldest ? own : oldest
    const points: ChainPoint[] = []
    for (let at = header.number - (header.number % every); at > 0n && at >= lowest; at -= every) {
      const found = this.blockHash(at)
      const state = found && derived.of(found)
      if (found && state) points.push({ number: at, hash: found, derived: state })
    }
    return points.reverse()
  }

  /** What the chain, and the proofs that were kept, say to be final at a start. */
  protected lastFinal(finals: readonly Certificate[]): {
    readonly instance: bigint
    readonly number: bigint
  } {
    const own = this.parts.derived.of(this.head().hash)?.finality ?? { instance: 0n, number: 0n }
    return finals.reduce((last, { height, value }) => {
      const number = value && this.byHash(value)?.block.header.number
      return number !== undefined && number > last.number ? { instance: height, number } : last
    }, own)
  }

  /** What the pool must know of the head. */
  protected poolHead(): PoolHead {
    const { past, rules } = this.parts
    const { header } = past.head
    const next = { number: header.number + 1n, timestamp: header.timestamp + 1n }
    return {
      ...{ state: past.state, baseFeePerGas: nextBaseFee(header), gasLimit: header.gasLimit },
      rules: rules.rulesAt(next),
    }
  }

  findTransaction(hash: Hash) {
    return this.parts.log.findTransaction(hash)
  }

  stateAt(hash: Hash): State | undefined {
    const { past, archive } = this.parts
    const kept = past.stateAt(hash)
    const header = kept || !archive ? undefined : this.byHash(hash)?.block.header
    return header ? archive?.stateAt(header.number, hash, header.stateRoot) : kept
  }

  blockHash(number: bigint): Hash | undefined {
    const { genesis, base, log } = this.parts
    if (number === 0n) return genesis.block.hash
    return log.hashOf(number) ?? (base && hashBefore(base, number))
  }
}

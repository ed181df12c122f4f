/** Makes chains of work with a committee of four, without transactions and contracts. */

import assert from 'node:assert/strict'
import { type SigningKey, signingKey } from '../../../crypto/signatures.ts'
import type { Block, Header } from '../../ledger/block.ts'
import { rulesOfOne } from '../../ledger/fork-rules.ts'
import type { HybridParameters } from '../../ledger/manifest.ts'
import { engineBirth } from '../birth.ts'
import { quorumCertificate } from '../certificate.ts'
import { blockOf, firstHeader, summaryOf } from '../consensus.suite.ts'
import type { ChainReader, ConsensusEngine, Effect, Input } from '../consensus.ts'
import type { Derived } from '../derived.ts'
import { doubleVote } from '../evidence.ts'
import { type HybridState, hybridEngine } from '../hybrid.ts'
import type {
  Certificate,
  DoubleSigning,
  NamedEvidence,
  SignedVote,
  ValidatorSet,
  VoteContent,
} from '../messages.ts'
import { decodeRecord, encodeRecord, recordHash } from '../record.ts'
import { schemes } from '../schemes.ts'
import { voteSignBytes } from '../sign-bytes.ts'

const easiest = 2n ** 256n - 1n
const keys = [1, 2, 3, 4].map((byte) => signingKey('ed25519', new Uint8Array(32).fill(byte)))
const wait = { baseMs: 500, deltaMs: 250 }
const payTo = (at: number) => new Uint8Array(20).fill(0xc0 + at)
const parameters: HybridParameters = {
  ...{ engine: 'hybrid', blockTimeMs: 15_000, seal: 'keccak', halfLifeSeconds: 3_600 },
  ...{ startTarget: easiest, easiestTarget: easiest, issuanceWei: 2n * 10n ** 18n, halving: 100 },
  ...{ maxReorg: 32, futureMs: 15_000, checkpointEvery: 4, buriedBy: 2, maxValidators: 8 },
  ...{ owner: payTo(9), maxTimeoutMs: 30_000 },
  timeouts: { propose: wait, prevote: wait, precommit: wait },
  ...{ finalityRewardWei: 10n ** 17n, committeeRewardWei: 3n * 10n ** 17n },
  validators: keys.map(({ scheme, publicKey }, at) => ({
    ...{ scheme, publicKey, weight: 1n, owner: payTo(at), payTo: payTo(at) },
  })),
}
const chainKey = new Uint8Array(32).fill(9)
export const nowMs = 2_000_000
const rules = rulesOfOne(7n, 'osaka')
export const birth = engineBirth(parameters) as NonNullable<ReturnType<typeof engineBirth>>
export const first = blockOf(
  { ...firstHeader, difficulty: birth.difficulty, extraData: birth.extraData },
  birth.record,
)
export const committee = birth.derived.validators
/** The key of a place in the set. */
const keyAt = (at: number) =>
  keys.find(
    ({ publicKey }) => publicKey.toHex() === committee.list[at]?.publicKey.toHex(),
  ) as SigningKey

export function engineOf(): ConsensusEngine<HybridState> {
  const birthTime = firstHeader.timestamp
  return hybridEngine({ parameters, chainKey, birthTime, rules, schemes })
}

function signed(content: VoteContent, at: number, set: ValidatorSet = committee): SignedVote {
  const bytes = voteSignBytes(content, { chainKey, setHash: set.hash })
  return { ...content, validatorIndex: at, signature: keyAt(at).sign(bytes) }
}

/** That these members of the committee have decided a block in an instance. */
export function decided(height: bigint, value: Uint8Array, members = [0, 1, 2]): Certificate {
  const content = { instance: 1, type: 'precommit', height, round: 0, validRound: -1 } as const
  return quorumCertificate(
    members.map((at) => signed({ ...content, value }, at)),
    committee.list.length,
  )
}

/** Two votes of a member in an instance. */
export function twice(at: number, change: Partial<VoteContent> = {}): NamedEvidence {
  const content = { instance: 1, type: 'prevote', height: 1n, round: 2, validRound: -1 } as const
  const [one, other] = [new Uint8Array(32).fill(7), undefined].map((value) =>
    signed({ ...content, ...change, value }, at),
  ) as [SignedVote, SignedVote]
  return {
    signer: committee.list[at]?.address as Uint8Array,
    evidence: doubleVote(one, other) as DoubleSigning,
  }
}

/** A chain that grows by blocks without transactions, with what follows from each. */
export class TestChain implements ChainReader {
  readonly engine = engineOf()
  readonly blocks: Block[] = [first]
  readonly #derived = new Map<string, Derived>([[first.hash.toHex(), birth.derived]])

  get head(): Block {
    return this.blocks.at(-1) as Block
  }

  header(hash: Uint8Array): Block | undefined {
    return this.blocks.find((one) => one.hash.toHex() === hash.toHex())
  }

  derived(hash: Uint8Array): Derived | undefined {
    return this.#derived.get(hash.toHex())
  }

  totalWork(hash: Uint8Array): bigint | undefined {
    return this.derived(hash)?.totalWork
  }

  /** What follows from the chain up to its head. */
  get after(): Derived {
    return this.derived(this.head.hash) as Derived
  }

  /** The next block, with a certificate and evidence or without. */
  next(finality: readonly Certificate[] = [], evidence: readonly NamedEvidence[] = []): Block {
    const { header } = this.head
    const head = summaryOf(header)
    const { state } = this.engine.start({ head, header, derived: this.after, nowMs })
    const drafted = this.engine.draft?.(state, nowMs)
    assert.ok(drafted?.record)
    const { record, ...draft } = drafted
    const encoded = encodeRecord({ ...decodeRecord(record), finality, evidence })
    const place = { number: header.number + 1n, parentHash: this.head.hash }
    const time = { timestamp: header.timestamp + 15n, baseFeePerGas: feeAfter(header) }
    return blockOf(
      { ...header, ...draft, ...place, ...time, extraData: recordHash(encoded) },
      encoded,
    )
  }

  close(block: Block) {
    const record = decodeRecord(block.record as Uint8Array)
    const facts = {
      header: block.header,
      record,
      derivedOf: (hash: Uint8Array) => this.derived(hash),
    }
    // There is no contract, so that the committee stays as it is.
    const read = { storage: () => new Uint8Array(32) }
    const closed = this.engine.closeBlock?.(this.after, facts, read)
    assert.ok(closed)
    return closed
  }

  add(block = this.next()): Block {
    const verdict = this.engine.checkHeader(this, block, nowMs)
    assert.deepEqual(verdict, { kind: 'valid' })
    const { derived } = this.close(block)
    this.#derived.set(block.hash.toHex(), derived)
    this.blocks.push(block)
    return block
  }

  rule(block: Block): string {
    const verdict = this.engine.checkHeader(this, block, nowMs)
    return verdict.kind === 'invalid' ? verdict.rule : verdict.kind
  }

  imported(atMs = nowMs): Input {
    const { header, hash } = this.head
    const points = this.blocks
      .filter((one) => one.header.number > 0n && one.header.number % 4n === 0n)
      .map((one) => ({
        ...{ number: one.header.number, hash: one.hash },
        derived: this.derived(one.hash) as Derived,
      }))
    return {
      ...{ kind: 'block-imported', head: { ...summaryOf(header), hash }, header },
      ...{ derived: this.after, points, nowMs: atMs },
    }
  }
}

function feeAfter({ baseFeePerGas = 0n }: Header): bigint {
  return baseFeePerGas - baseFeePerGas / 8n
}

export function grown(count: number): TestChain {
  const chain = new TestChain()
  for (let made = 0; made < count; made += 1) chain.add()
  return chain
}

/** What an engine was asked for. */
export const kinds = (effects: readonly Effect[]) => effects.map(({ kind }) => kind)

/** The engine of a member, on a chain as it is. */
export function begin(chain: TestChain, at = 0) {
  const { header } = chain.head
  const input = chain.imported()
  if (input.kind !== 'block-imported') throw new Error('it tells of its head')
  const { points = [], head, derived } = input
  const self = committee.list[at]
  return chain.engine.start({ head, header, derived, points, self, nowMs })
}

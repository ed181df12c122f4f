/** Runs the suite of engines on work with a committee, and checks what blocks may bring, who is paid, and who votes when. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type SigningKey, signingKey } from '../../crypto/signatures.ts'
import type { Block, Header } from '../ledger/block.ts'
import { rulesOfOne } from '../ledger/fork-rules.ts'
import type { HybridParameters } from '../ledger/manifest.ts'
import { engineBirth } from './birth.ts'
import { certificateVotes, quorumCertificate } from './certificate.ts'
import { blockOf, consensusSuite, firstHeader, summaryOf } from './consensus.suite.ts'
import type { ChainReader, ConsensusEngine, Effect, Input } from './consensus.ts'
import { type Derived, derivedHash } from './derived.ts'
import { type HybridState, hybridEngine } from './hybrid.ts'
import type { Certificate, SignedVote, ValidatorSet, VoteContent } from './messages.ts'
import { decodeRecord, encodeRecord, recordHash } from './record.ts'
import { schemes } from './schemes.ts'
import { voteSignBytes } from './sign-bytes.ts'

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
const nowMs = 2_000_000
const rules = rulesOfOne(7n, 'osaka')
const birth = engineBirth(parameters)
assert.ok(birth)
const first = blockOf(
  { ...firstHeader, difficulty: birth.difficulty, extraData: birth.extraData },
  birth.record,
)
const committee = birth.derived.validators
/** The key of a place in the set. */
const keyAt = (at: number) =>
  keys.find(
    ({ publicKey }) => publicKey.toHex() === committee.list[at]?.publicKey.toHex(),
  ) as SigningKey

function engineOf(): ConsensusEngine<HybridState> {
  const birthTime = firstHeader.timestamp
  return hybridEngine({ parameters, chainKey, birthTime, rules, schemes })
}

function signed(content: VoteContent, at: number, set: ValidatorSet = committee): SignedVote {
  const bytes = voteSignBytes(content, { chainKey, setHash: set.hash })
  return { ...content, validatorIndex: at, signature: keyAt(at).sign(bytes) }
}

/** That these members of the committee have decided a block in an instance. */
function decided(height: bigint, value: Uint8Array, members = [0, 1, 2]): Certificate {
  const content = { instance: 1, type: 'precommit', height, round: 0, validRound: -1 } as const
  return quorumCertificate(
    members.map((at) => signed({ ...content, value }, at)),
    committee.list.length,
  )
}

/** A chain that grows by blocks without transactions, with what follows from each. */
class TestChain implements ChainReader {
  readonly engine = engineOf()
  readonly blocks: Block[] = [first]
  readonly #derived = new Map<string, Derived>([[first.hash.toHex(), birth?.derived as Derived]])

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

  /** The next block, with a certificate or without. */
  next(finality: readonly Certificate[] = []): Block {
    const { header } = this.head
    const head = summaryOf(header)
    const { state } = this.engine.start({ head, header, derived: this.after, nowMs })
    const drafted = this.engine.draft?.(state, nowMs)
    assert.ok(drafted?.record)
    const { record, ...draft } = drafted
    const encoded = encodeRecord({ ...decodeRecord(record), finality })
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

function grown(count: number): TestChain {
  const chain = new TestChain()
  for (let made = 0; made < count; made += 1) chain.add()
  return chain
}

const second = grown(1).head
consensusSuite('hybrid', engineOf, {
  chain: { first, derived: birth.derived, second },
  extraDataRule: 'decode',
})

describe('a block of work with a committee', () => {
  test('brings the certificate of the next instance, and no other', () => {
    const chain = grown(8)
    const [fourth, eighth] = [chain.blocks[4], chain.blocks[8]] as [Block, Block]
    const right = decided(1n, fourth.hash)
    assert.equal(chain.rule(chain.next([right])), 'valid')
    assert.equal(chain.rule(chain.next([decided(1n, eighth.hash)])), 'valid')
    const wrong: readonly Certificate[] = [
      decided(2n, fourth.hash),
      decided(1n, fourth.hash, [0, 1]),
      { ...right, signatures: right.signatures.toReversed() },
      decided(1n, (chain.blocks[3] as Block).hash),
      decided(1n, first.hash),
      decided(1n, new Uint8Array(32).fill(7)),
      { ...right, instance: 0 },
      { ...right, type: 'polka' },
    ]
    for (const [at, one] of wrong.entries()) {
      assert.equal(chain.rule(chain.next([one])), 'finality', String(at))
    }
    chain.add(chain.next([right]))
    assert.equal(chain.rule(chain.next([right])), 'finality')
    assert.equal(chain.rule(chain.next([decided(2n, fourth.hash)])), 'finality')
    assert.equal(chain.rule(chain.next([decided(2n, eighth.hash)])), 'valid')
  })

  test('pays who brings it, and those who signed, and moves the sets on', () => {
    const chain = grown(6)
    const { hash } = chain.blocks[4] as Block
    const block = chain.next([decided(1n, hash, [0, 1, 3])])
    const { credits, derived } = chain.close(block)
    const signers = [0, 1, 3].map((at) => committee.list[at]?.payTo)
    assert.deepEqual(
      credits.map(({ to, amountWei }) => [to, amountWei]),
      [
        [block.header.beneficiary, 2n * 10n ** 18n],
        [block.header.beneficiary, 10n ** 17n],
        ...signers.map((to) => [to, 10n ** 17n]),
      ],
    )
    assert.deepEqual(derived.finality, { instance: 1n, number: 4n, hash })
    assert.equal(derived.creditCount, chain.after.creditCount + 5n)
    assert.deepEqual(derived.nextValidators.hash, committee.hash)
    chain.add(block)
    assert.deepEqual(
      decodeRecord(chain.next().record as Uint8Array).derivedHash,
      derivedHash(derived),
    )
  })

  test('counts by what is final before it counts by work', () => {
    const { compare } = engineOf()
    const head = { ...summaryOf(firstHeader, 10n), finalNumber: 8n }
    assert.equal(compare(head, { ...head, totalWork: 1_000n, finalNumber: 4n }), 1)
    assert.equal(compare(head, { ...head, totalWork: 11n }), -1)
    assert.equal(compare(head, { ...head, totalWork: 9n, finalNumber: 12n }), -1)
    assert.equal(compare(head, head), 0)
  })
})

describe('a member of a committee', () => {
  const kinds = (effects: readonly Effect[]) => effects.map(({ kind }) => kind)
  const begin = (chain: TestChain, at = 0) => {
    const { header } = chain.head
    const input = chain.imported()
    assert.ok(input.kind === 'block-imported')
    const { points = [], head, derived } = input
    const self = committee.list[at]
    return chain.engine.start({ head, header, derived, points, self, nowMs })
  }
  const hear = (
    engine: ConsensusEngine<HybridState>,
    state: HybridState,
    certificate: Certificate,
  ) =>
    engine.step(state, {
      ...{ kind: 'message', from: 'peer', message: { kind: 'certificate', certificate }, nowMs },
    })

  test('begins to vote when a block is buried, and proposes it in its turn', () => {
    const early = grown(5)
    const waiting = begin(early, 1)
    assert.ok(!kinds(waiting.effects).includes('sign'))
    early.add()
    // Instance 1 begins with the second of the set.
    const step = early.engine.step(waiting.state, early.imported())
    const proposal = step.effects.find((effect) => effect.kind === 'sign')
    assert.ok(proposal?.unsigned.kind === 'proposal')
    assert.deepEqual(proposal.unsigned.content.value, early.blocks[4]?.hash)
    assert.equal(proposal.unsigned.content.instance, 1)
  })

  test('keeps what was decided, offers it, and goes on when it is kept', () => {
    const chain = grown(6)
    const { hash } = chain.blocks[4] as Block
    const certificate = decided(1n, hash)
    const heard = hear(chain.engine, begin(chain).state, certificate)
    assert.ok(kinds(heard.effects).includes('keep-point'))
    assert.ok(!kinds(heard.effects).includes('set-final'))
    const kept = chain.engine.step(heard.state, { kind: 'point-kept', hash, nowMs })
    const final = kept.effects.find((effect) => effect.kind === 'set-final')
    assert.equal(final?.number, 4n)
    assert.equal(kept.state.votes.core.height, 2n)
    const draft = chain.engine.draft?.(kept.state, nowMs)
    assert.deepEqual(decodeRecord(draft?.record as Uint8Array).finality, [certificate])
  })

  test('asks for a block that is decided and not in its chain', () => {
    const chain = grown(6)
    const value = new Uint8Array(32).fill(5)
    const heard = hear(chain.engine, begin(chain).state, decided(1n, value))
    const asked = heard.effects.find((effect) => effect.kind === 'check-point')
    assert.deepEqual(asked, { kind: 'check-point', hash: value, isDecided: true })
    const checked = chain.engine.step(heard.state, {
      ...{ kind: 'point-checked', hash: value, verdict: 'valid', nowMs },
    })
    assert.ok(kinds(checked.effects).includes('keep-point'))
    // What a quorum decided is wrong: nothing more is done.
    const wrong = chain.engine.step(heard.state, {
      ...{ kind: 'point-checked', hash: value, verdict: 'invalid', nowMs },
    })
    assert.ok(kinds(wrong.effects).includes('halt'))
    assert.deepEqual(chain.engine.step(wrong.state, chain.imported()).effects, [])
  })

  test('decides by a certificate whose votes came before one by one, and the proposal never did', () => {
    const chain = grown(6)
    const { hash } = chain.blocks[4] as Block
    const certificate = decided(1n, hash)
    let { state } = begin(chain)
    for (const vote of certificateVotes(certificate, committee.list.length) ?? []) {
      const message = { kind: 'vote', vote } as const
      state = chain.engine.step(state, { kind: 'message', from: 'peer', message, nowMs }).state
    }
    assert.equal(state.votes.core.decision, undefined)
    assert.ok(kinds(hear(chain.engine, state, certificate).effects).includes('keep-point'))
  })

  test('says what is final when the chain brought more certificates than were heard', () => {
    const chain = grown(6)
    const { state } = begin(chain)
    const { hash } = chain.blocks[4] as Block
    const input = chain.imported()
    assert.ok(input.kind === 'block-imported' && input.derived)
    const derived = { ...input.derived, finality: { instance: 2n, number: 4n, hash } }
    const { effects } = chain.engine.step(state, { ...input, derived })
    assert.equal(effects.find((effect) => effect.kind === 'set-final')?.number, 4n)
  })

  test('stops when two blocks are certified in one instance', () => {
    const chain = grown(8)
    const [fourth, eighth] = [chain.blocks[4], chain.blocks[8]] as [Block, Block]
    const heard = hear(chain.engine, begin(chain).state, decided(1n, fourth.hash))
    const kept = chain.engine.step(heard.state, { kind: 'point-kept', hash: fourth.hash, nowMs })
    const second = hear(chain.engine, kept.state, decided(1n, eighth.hash, [1, 2, 3]))
    const halt = second.effects.find((effect) => effect.kind === 'halt')
    assert.deepEqual([halt?.hash, halt?.contradicts], [eighth.hash, fourth.hash])
    assert.ok(kinds(second.effects).includes('report'))
    // One that is not good, and the same once more, are none.
    const forged = { ...decided(1n, eighth.hash), signers: Uint8Array.of(0b1110) }
    for (const one of [forged, decided(1n, fourth.hash, [1, 2, 3])]) {
      assert.ok(!kinds(hear(chain.engine, kept.state, one).effects).includes('halt'))
    }
  })
})

/** Runs the suite of engines on proof of work, and checks its seals, rewards, and when it begins a block anew. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { keccak256 } from '../../crypto/keccak.ts'
import type { Block, Header } from '../ledger/block.ts'
import { headerHash, unsealedHash } from '../ledger/block-codec.ts'
import { rulesOfOne } from '../ledger/fork-rules.ts'
import type { PowParameters } from '../ledger/manifest.ts'
import { engineBirth } from './birth.ts'
import { blockOf, consensusSuite, firstHeader, readerOf, summaryOf } from './consensus.suite.ts'
import type { ConsensusEngine, Effect, HeaderDraft, Input } from './consensus.ts'
import { type Derived, derivedHash, emptyDerived } from './derived.ts'
import { powEngine } from './pow.ts'
import type { MiningState } from './pow-mining.ts'
import { type ConsensusRecord, decodeRecord, encodeRecord, recordHash } from './record.ts'
import { nonceBytes, sealDigest } from './seal.ts'

/** With this target every nonce seals. */
const easiest = 2n ** 256n - 1n
const parameters: PowParameters = {
  ...{ engine: 'pow', blockTimeMs: 15_000, seal: 'keccak', halfLifeSeconds: 3_600 },
  ...{ startTarget: easiest, easiestTarget: easiest, issuanceWei: 2n * 10n ** 18n, halving: 100 },
  ...{ safeDepth: 2, finalizedDepth: 8, maxReorg: 8, futureMs: 15_000 },
}
const chainKey = new Uint8Array(32).fill(9)
const rules = rulesOfOne(7n, 'osaka')
const nowMs = 2_000_000

function engineOf(change: Partial<PowParameters> = {}): ConsensusEngine<MiningState> {
  const birthTime = firstHeader.timestamp
  return powEngine({ parameters: { ...parameters, ...change }, chainKey, birthTime, rules })
}

function genesisOf(change: Partial<PowParameters> = {}) {
  const birth = engineBirth({ ...parameters, ...change })
  assert.ok(birth)
  const { difficulty, extraData, record, derived } = birth
  return { first: blockOf({ ...firstHeader, difficulty, extraData }, record), derived }
}

function begin(
  engine: ConsensusEngine<MiningState>,
  { first, derived }: ReturnType<typeof genesisOf>,
  beneficiary: Uint8Array | undefined = new Uint8Array(20).fill(1),
) {
  const { header } = first
  return engine.start({ head: summaryOf(header), header, derived, beneficiary, nowMs })
}

/** The block of a draft, without transactions. */
function drafted({ record, ...draft }: HeaderDraft, { header, hash }: Block): Block {
  const fields = { ...draft, number: header.number + 1n, parentHash: hash }
  return blockOf({ ...header, ...fields, baseFeePerGas: 875_000_000n }, record)
}

function chainOf(change: Partial<PowParameters> = {}) {
  const genesis = genesisOf(change)
  const engine = engineOf(change)
  const draft = engine.draft?.(begin(engine, genesis).state, nowMs)
  assert.ok(draft)
  return { ...genesis, second: drafted(draft, genesis.first) }
}

consensusSuite('pow', engineOf, { chain: chainOf(), extraDataRule: 'decode' })

describe('a header sealed by work', () => {
  const chain = chainOf()
  const judged = (
    { header, record }: Pick<Block, 'header' | 'record'>,
    { engine = engineOf(), derived = chain.derived, atMs = nowMs } = {},
  ) => {
    const verdict = engine.checkHeader(
      readerOf(chain.first, { derived }),
      blockOf(header, record),
      atMs,
    )
    return verdict.kind === 'invalid' ? verdict.rule : verdict.kind
  }
  const { second } = chain
  const withHeader = (change: Partial<Header>) => ({
    ...second,
    header: { ...second.header, ...change },
  })
  const withRecord = (change: Partial<ConsensusRecord>) => {
    const whole = { ...decodeRecord(second.record as Uint8Array), ...change }
    const record = encodeRecord(whole)
    return { ...withHeader({ extraData: recordHash(record) }), record }
  }

  test('names the first rule that it breaks', () => {
    assert.equal(judged(second), 'valid')
    assert.equal(judged({ header: second.header }), 'decode')
    assert.equal(judged({ ...second, record: Uint8Array.of(0xc0) }), 'decode')
    assert.equal(judged(withHeader({ requestsHash: undefined })), 'decode')
    const bad = Uint8Array.of(0xc0)
    assert.equal(judged({ ...withHeader({ extraData: recordHash(bad) }), record: bad }), 'decode')
    assert.equal(judged(withHeader({ parentBeaconBlockRoot: new Uint8Array(32) })), 'constants')
    assert.equal(judged(withHeader({ mixHash: new Uint8Array(32) })), 'mix')
    assert.equal(judged(withHeader({ difficulty: 2n })), 'work')
    const other = { ...emptyDerived, creditCount: 1n }
    assert.equal(judged(second, { derived: other }), 'validators')
    assert.equal(judged(withRecord({ derivedHash: derivedHash(other) })), 'validators')
  })

  test('has a record in which nothing stands that work has no use for', () => {
    const hash = new Uint8Array(32).fill(1)
    const signature = new Uint8Array(64)
    const place = { instance: 0, height: 5n, round: 1, validRound: -1, value: hash } as const
    const vote = { ...place, type: 'prevote', validatorIndex: 2, signature } as const
    const seals = { signers: Uint8Array.of(1), signatures: [signature] }
    const certificate = { ...place, type: 'commit', ...seals } as const
    const filled: readonly Partial<ConsensusRecord>[] = [
      { engine: 1 },
      { round: 1 },
      { validatorsHash: hash },
      { nextValidatorsHash: hash },
      { parentProofHash: hash },
      { parentSigners: new Uint8Array(1) },
      { reveal: new Uint8Array(32) },
      {
        evidence: [
          {
            ...{
              signer: new Uint8Array(20),
              evidence: { kind: 'double-vote', a: vote, b: { ...vote, value: undefined } },
            },
          },
        ],
      },
      { finality: [certificate] },
    ]
    for (const change of filled) {
      assert.equal(judged(withRecord(change)), 'engine', Object.keys(change).join())
    }
    assert.equal(judged(withRecord({ salt: new Uint8Array(8) })), 'valid')
  })

  test('may be ahead of the clock by so much, and has its time later', () => {
    const { timestamp } = second.header
    const ahead = withHeader({ timestamp: timestamp + 20n })
    assert.equal(judged(ahead), 'too-early')
    const verdict = engineOf().checkHeader(
      readerOf(chain.first, chain),
      blockOf(ahead.header, ahead.record),
      nowMs,
    )
    assert.deepEqual(verdict, { kind: 'too-early', retryAtMs: nowMs + 5_000 })
    assert.equal(judged(ahead, { atMs: nowMs + 5_000 }), 'valid')
    // The milliseconds of the record count.
    const late = { ...withRecord({ timeMs: 1 }) }
    const header = { ...late.header, timestamp: timestamp + 20n }
    assert.equal(judged({ ...late, header }, { atMs: nowMs + 5_000 }), 'too-early')
  })

  test('has a digest no higher than its target, which is not the one computed back from its difficulty', () => {
    // Of 2^256 − 1 hashes, 3/4: rounding down, a difficulty of 1 stands for more.
    const startTarget = 3n * 2n ** 254n
    const change = { startTarget, easiestTarget: startTarget }
    const own = chainOf(change)
    const verdictOf = (nonce: bigint) =>
      engineOf(change).checkHeader(
        readerOf(own.first, own),
        blockOf({ ...own.second.header, nonce: nonceBytes(nonce) }, own.second.record),
        nowMs,
      )
    assert.equal(own.second.header.difficulty, 1n)
    const kinds = Array.from({ length: 64 }, (_, nonce) => {
      const sealHash = unsealedHash(own.second.header)
      const digest = sealDigest({ seal: 'keccak', chainKey }, sealHash, nonceBytes(BigInt(nonce)))
      const isLow = BigInt(`0x${digest.toHex()}`) <= startTarget
      assert.equal(verdictOf(BigInt(nonce)).kind, isLow ? 'valid' : 'invalid')
      return isLow
    })
    assert.deepEqual(new Set(kinds), new Set([true, false]))
  })

  test('can be sealed by argon2id', () => {
    const argon = chainOf({ seal: 'argon2id' })
    const check = (engine: ConsensusEngine<MiningState>) =>
      engine.checkHeader(readerOf(argon.first, argon), argon.second, nowMs).kind
    assert.equal(check(engineOf({ seal: 'argon2id' })), 'valid')
    // The mix comes from the parent's seal.
    assert.equal(check(engineOf()), 'invalid')
  })
})

test('the digest of a seal is that of its documented bytes', () => {
  const [sealHash, nonce] = [new Uint8Array(32).fill(5), nonceBytes(1n)]
  const tag = new TextEncoder().encode('QS/pow/1')
  const bytes = Uint8Array.from([...tag, ...chainKey, ...sealHash, ...nonce])
  assert.deepEqual(sealDigest({ seal: 'keccak', chainKey }, sealHash, nonce), keccak256(bytes))
})

describe('rewards', () => {
  const beneficiary = new Uint8Array(20).fill(1)
  const facts = (number: bigint) => ({
    header: {
      ...{ number, timestamp: 0n, beneficiary, difficulty: 5n, gasUsed: 10n ** 9n },
      parentHash: new Uint8Array(32),
      baseFeePerGas: 7n,
    },
    record: decodeRecord(genesisOf().first.record as Uint8Array),
  })
  const read = { storage: () => assert.fail('no contract is read') }
  const close = (number: bigint, change: Partial<PowParameters> = {}) =>
    engineOf(change).closeBlock?.(
      { ...emptyDerived, totalWork: 1n, creditCount: 4n },
      facts(number),
      read,
    )

  test('halve, and end', () => {
    const amounts = [1n, 99n, 100n, 200n, 100_000n].map(
      (number) => close(number)?.credits[0]?.amountWei,
    )
    const ether = 10n ** 18n
    assert.deepEqual(amounts, [2n * ether, 2n * ether, ether, ether / 2n, undefined])
  })

  test('are counted with the work, and base fees are paid where the manifest says', () => {
    const feeSink = new Uint8Array(20).fill(2)
    const closed = close(1n, { feeSink })
    assert.deepEqual(closed?.credits, [
      { to: beneficiary, amountWei: 2n * 10n ** 18n, why: 'reward' },
      { to: feeSink, amountWei: 7n * 10n ** 9n, why: 'fee' },
    ])
    assert.equal(closed?.derived.totalWork, 6n)
    assert.equal(closed?.derived.creditCount, 6n)
    assert.equal(close(1n)?.derived.creditCount, 5n)
  })
})

test('the head is where more work is, and stays where as much is', () => {
  const { compare } = engineOf()
  const [less, more] = [summaryOf(firstHeader, 5n), summaryOf(firstHeader, 6n)]
  assert.ok(compare(less, more) < 0)
  assert.ok(compare(more, less) > 0)
  assert.equal(compare(less, { ...less, number: 9n }), 0)
})

describe('mining', () => {
  const chain = chainOf()
  const play = (...inputs: readonly Input[]) => {
    const engine = engineOf()
    let step = begin(engine, chain)
    for (const input of inputs) step = engine.step(step.state, input)
    return step
  }
  const kinds = (effects: readonly Effect[]) => effects.map(({ kind }) => kind)
  const built: Input = { kind: 'block-built', request: 1, block: chain.second }
  const imported = (header: Header, derived: Derived = chain.derived): Input => ({
    ...{ kind: 'block-imported', head: summaryOf(header), header, derived, nowMs },
  })

  test('builds, searches, and chooses the block with the nonce', () => {
    assert.deepEqual(kinds(play().effects), ['set-final', 'build-block', 'wake-at'])
    const search = play(built)
    assert.deepEqual(search.effects, [
      {
        ...{ kind: 'search-nonce', request: 1, target: easiest },
        sealHash: unsealedHash(chain.second.header),
      },
    ])
    const found = play(built, { kind: 'search-result', request: 1, nonce: 258n })
    const again = engineOf().step(found.state, { kind: 'search-result', request: 1, nonce: 259n })
    assert.deepEqual(again, { state: found.state, effects: [] })
    const sealed = { ...chain.second.header, nonce: Uint8Array.of(0, 0, 0, 0, 0, 0, 1, 2) }
    assert.deepEqual(found.effects, [
      { kind: 'set-head', hash: headerHash(sealed), finalNumber: 0n },
    ])
  })

  test('takes no nonce that does not seal', () => {
    const change = { startTarget: 1n }
    const genesis = genesisOf(change)
    const engine = engineOf(change)
    const first = begin(engine, genesis)
    const draft = first.effects.find((effect) => effect.kind === 'build-block')
    assert.ok(draft)
    const block = drafted(draft.draft, genesis.first)
    const { state } = engine.step(first.state, { kind: 'block-built', request: 1, block })
    for (const nonce of [0n, 2n ** 64n, -1n]) {
      const step = engine.step(state, { kind: 'search-result', request: 1, nonce })
      assert.deepEqual(step, { state, effects: [] })
    }
  })

  test('begins anew on a new head, after 15 seconds, and a second after better transactions', () => {
    const moved = play(built, imported(chain.second.header))
    assert.deepEqual(kinds(moved.effects), ['set-final', 'cancel', 'build-block', 'wake-at'])
    const early = play(built, { kind: 'tick', nowMs: nowMs + 14_999 })
    assert.deepEqual(early.effects, [{ kind: 'wake-at', atMs: nowMs + 15_000 }])
    const old = play(built, { kind: 'tick', nowMs: nowMs + 15_000 })
    assert.deepEqual(kinds(old.effects), ['cancel', 'build-block', 'wake-at'])
    const work: Input = { kind: 'work-waiting', count: 1, nowMs: nowMs + 10 }
    assert.deepEqual(play(built, work).effects, [{ kind: 'wake-at', atMs: nowMs + 1_000 }])
    assert.deepEqual(play(built, work, work).effects, [])
    const better = play(built, work, { kind: 'tick', nowMs: nowMs + 1_000 })
    assert.deepEqual(kinds(better.effects), ['cancel', 'build-block', 'wake-at'])
  })

  test('tries again a second after a block could not be built', () => {
    const failed = play({ kind: 'build-failed', request: 1, nowMs: nowMs + 5 })
    assert.deepEqual(failed.effects, [{ kind: 'wake-at', atMs: nowMs + 1_005 }])
    const again = play(
      { kind: 'build-failed', request: 1, nowMs: nowMs + 5 },
      { kind: 'tick', nowMs: nowMs + 1_005 },
    )
    assert.deepEqual(kinds(again.effects), ['build-block', 'wake-at'])
  })

  test('waits while the head is so far ahead that a block on it would be too early', () => {
    const header = { ...chain.second.header, timestamp: BigInt(nowMs / 1_000) + 10n }
    const { effects } = play(imported(header))
    // One second after it, less half of what others take.
    assert.deepEqual(effects.at(-1), { kind: 'wake-at', atMs: nowMs + 11_000 - 7_500 })
    assert.ok(!kinds(effects).includes('build-block'))
  })

  test('follows without a beneficiary', () => {
    const engine = engineOf()
    const { header } = chain.first
    const head = summaryOf(header)
    const first = engine.start({ head, header, derived: chain.derived, nowMs })
    assert.deepEqual(kinds(first.effects), ['set-final'])
    const next = engine.step(first.state, imported(chain.second.header))
    assert.deepEqual(kinds(next.effects), ['set-final'])
    assert.deepEqual(engine.step(first.state, { kind: 'tick', nowMs: 2 ** 40 }).effects, [])
  })

  test('calls blocks safe and final by their depth, and what is final stays so', () => {
    const finality = (...numbers: readonly bigint[]) => {
      const heads = numbers.map((number) => imported({ ...chain.second.header, number }))
      return play(...heads).effects.find(({ kind }) => kind === 'set-final')
    }
    assert.deepEqual(finality(1n), { kind: 'set-final', number: 0n, safe: 0n })
    assert.deepEqual(finality(20n), { kind: 'set-final', number: 12n, safe: 18n })
    assert.deepEqual(finality(20n, 13n), { kind: 'set-final', number: 12n, safe: 12n })
  })
})

/** Checks that a state partly in a file is the state that it would be in memory. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { padStart, toHex } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import { encodeDifference } from './difference-codec.ts'
import type { AccountChange, EncodedDifference, State } from './state.ts'
import { fileOf, runSteps, startFile } from './test-files/memory-file.ts'
import { emptyCodeHash, emptyState, openCheckpoint } from './trie-state.ts'

const addressOf = (one: number) => padStart(Uint8Array.of(one >> 8, one & 255), 20)

/** A stream of numbers that is the same each time. */
function numbers(seed: number): (below: number) => number {
  let state = seed + 1
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % below
  }
}

/** What a block does: changes to some of the accounts, one of which has most of the storage. */
function randomDifference(next: (below: number) => number, accounts: number): EncodedDifference {
  const changes = new Map<number, AccountChange>()
  const count = 1 + next(30)
  for (let n = 0; n < count; n += 1) {
    const one = next(4) === 0 ? 0 : next(accounts)
    const slots = Array.from({ length: one === 0 ? next(60) : next(4) }, () => {
      return [BigInt(next(one === 0 ? 2_000 : 200)), BigInt(next(4) && next(1_000_000))] as const
    })
    changes.set(one, {
      address: addressOf(one),
      account:
        one > 0 && next(8) === 0
          ? undefined
          : { nonce: BigInt(next(1_000)), balance: BigInt(next(1e9)), codeHash: emptyCodeHash },
      storageWiped: next(one === 0 ? 60 : 20) === 0,
      slots: [...new Map(slots)],
    })
  }
  const codes = [Uint8Array.of(next(256), next(256))]
  return encodeDifference({ accounts: [...changes.values()], codes })
}

function applied(state: State, difference: EncodedDifference): State | undefined {
  try {
    return state.apply(difference)
  } catch {
    return undefined
  }
}

function compare(state: State, plain: State, next: (below: number) => number): void {
  assert.equal(toHex(state.root), toHex(plain.root))
  for (const one of [0, next(300), next(300), next(300)]) {
    const address = addressOf(one)
    const slots = [BigInt(next(200)), BigInt(next(2_000))]
    for (const slot of slots) {
      assert.equal(state.storage(address, slot), plain.storage(address, slot))
    }
    assert.deepEqual(state.account(address), plain.account(address))
    assert.equal(state.hasStorage(address), plain.hasStorage(address))
    assert.deepEqual(state.prove(address, slots), plain.prove(address, slots))
  }
}

describe('a checkpoint', () => {
  test('gives the state back, with the appendix and the codes', () => {
    const next = numbers(7)
    let state = emptyState()
    for (let block = 0; block < 40; block += 1) state = state.apply(randomDifference(next, 300))
    const reopened = openCheckpoint(fileOf(state, Uint8Array.of(1, 2, 3)))
    assert.deepEqual(reopened.appendix, Uint8Array.of(1, 2, 3))
    assert.ok(reopened.state.memoryBytes < state.memoryBytes / 3)
    for (let n = 0; n < 50; n += 1) compare(reopened.state, state, next)
    const code = Uint8Array.of(9, 9, 9)
    const held = state.apply(encodeDifference({ accounts: [], codes: [code] }))
    const { state: again } = openCheckpoint(fileOf(held))
    assert.deepEqual(again.code(keccak256(code)), code)
  })

  test('of nothing is nothing', () => {
    const { state } = openCheckpoint(fileOf(emptyState()))
    assert.deepEqual(state.root, emptyState().root)
    assert.equal(state.account(addressOf(1)), undefined)
  })

  test('the state goes on over it, in memory and in files of any age, as one without files', () => {
    const seeds = fc.integer({ min: 0, max: 1_000_000 })
    fc.assert(
      fc.property(seeds, (seed) => run(seed)),
      { numRuns: 10, endOnFailure: true },
    )
  })

  test('memory for a tenth of the state is enough for the same roots', () => {
    const next = numbers(3)
    const birth = encodeDifference({
      codes: [],
      accounts: Array.from({ length: 8_000 }, (_, one) => ({
        address: addressOf(one),
        account: { nonce: 0n, balance: BigInt(one + 1), codeHash: emptyCodeHash },
        storageWiped: false,
        slots:
          one > 0 ? [] : Array.from({ length: 8_000 }, (_, slot) => [BigInt(slot), 7n] as const),
      })),
    })
    let plain = emptyState().apply(birth)
    const limit = plain.memoryBytes / 10
    let kept = [openCheckpoint(fileOf(plain)).state]
    let [most, checkpoints] = [0, 0]
    for (let block = 0; block < 150; block += 1) {
      const difference = randomDifference(next, 8_000)
      plain = plain.apply(difference)
      const [oldest, ...others] = kept
      const state = (kept.at(-1) ?? plain).apply(difference)
      assert.equal(toHex(state.root), toHex(plain.root))
      oldest?.release()
      kept = [...others, state]
      if (state.memoryBytes > limit * 0.7) {
        const writing = startFile(state)
        assert.ok(writing)
        runSteps(writing.steps)
        writing.checkpoint.adopt(writing.source(), true)
        writing.checkpoint.end()
        checkpoints += 1
      }
      most = Math.max(most, state.memoryBytes)
      if (block % 10 === 0) compare(state, plain, next)
    }
    assert.ok(checkpoints > 3, `${checkpoints} checkpoints`)
    assert.ok(most < limit, `${most} of ${limit} bytes`)
  })

  test('memory that is full is said, leaves the state as it was, and goes on when a file takes the rest', () => {
    const next = numbers(11)
    const isFull = { code: 'state/full', message: /--state-memory/ }
    let [state, plain] = [emptyState(8 * 1024 * 1024), emptyState()]
    const blockOf = (block: number) =>
      encodeDifference({
        accounts: Array.from({ length: 400 }, (_, at) => ({
          address: addressOf(block * 400 + at),
          account: { nonce: 1n, balance: BigInt(block), codeHash: emptyCodeHash },
          ...{ storageWiped: false, slots: [] },
        })),
        codes: [],
      })
    let difference = blockOf(0)
    for (let block = 1; ; block += 1) {
      assert.ok(block < 150, 'never full')
      plain = plain.apply(difference)
      const after = applied(state, difference)
      if (after === undefined) break
      state.release()
      state = after
      difference = blockOf(block)
    }
    const { root } = state
    for (let again = 0; again < 5; again += 1) assert.throws(() => state.apply(difference), isFull)
    assert.deepEqual(state.root, root)
    const writing = startFile(state)
    assert.ok(writing)
    runSteps(writing.steps)
    writing.checkpoint.adopt(writing.source(), true)
    writing.checkpoint.end()
    compare(state.apply(difference), plain, next)
  })
})

/** Blocks, forks, checkpoints that are written while blocks come, and starts from them. */
function run(seed: number): void {
  const next = numbers(seed)
  /** The last states, oldest first, each with the one it must be. */
  let kept: { state: State; plain: State }[] = [{ state: emptyState(), plain: emptyState() }]
  let writing: ReturnType<typeof startFile> | undefined
  const newest = () => {
    const last = kept.at(-1)
    assert.ok(last)
    return last
  }
  for (let block = 0; block < 60; block += 1) {
    if (next(8) === 0 && kept.length > 1) kept.pop()?.state.release()
    const { state, plain } = newest()
    const difference = randomDifference(next, 300)
    kept.push({ state: state.apply(difference), plain: plain.apply(difference) })
    if (next(5) === 0) state.apply(randomDifference(next, 300)).release()
    while (kept.length > 4) kept.shift()?.state.release()
    if (writing === undefined && next(4) === 0) {
      writing = startFile(kept[next(kept.length)]?.state ?? state)
    }
    for (let step = 0; writing && step < 40; step += 1) {
      if (writing.steps.next().done) {
        writing.checkpoint.adopt(writing.source(), next(3) > 0)
        writing.checkpoint.end()
        writing = undefined
      }
    }
    for (const one of kept) compare(one.state, one.plain, next)
    if (writing === undefined && next(15) === 0) {
      const { state: last, plain: same } = newest()
      kept = [{ state: openCheckpoint(fileOf(last)).state, plain: same }]
    }
  }
}

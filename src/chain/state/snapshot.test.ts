/** Takes states apart into streams and builds them again; lying streams are refused or give another root. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { concatBytes } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import { encodeDifference } from './difference-codec.ts'
import { SnapshotBuilder } from './snapshot-builder.ts'
import { snapshotStream } from './snapshot-stream.ts'
import type { PieceSource, State } from './state.ts'
import { emptyCodeHash, emptyState, openCheckpoint } from './trie-state.ts'

/** A file in memory. */
function piecesIn(): {
  append: (piece: Uint8Array) => number
  source: (last: Uint8Array) => PieceSource
} {
  const pieces: Uint8Array[] = []
  return {
    append: (piece) => pieces.push(piece.slice()) - 1,
    source: (last) => ({ last, read: (at) => (pieces[at] as Uint8Array).slice(), close: () => {} }),
  }
}

function fileOf(state: State): PieceSource {
  const checkpoint = state.checkpoint()
  assert.ok(checkpoint)
  const { append, source } = piecesIn()
  for (const _ of checkpoint.steps(append));
  const last = checkpoint.last(new Uint8Array())
  checkpoint.end()
  return source(last)
}

function streamOf(state: State): Uint8Array {
  return concatBytes(...snapshotStream(fileOf(state)))
}

/** The state that a stream gives, in pieces of some length. */
function built(stream: Uint8Array, step = stream.length) {
  const { append, source } = piecesIn()
  const builder = new SnapshotBuilder(append)
  for (let at = 0; at < stream.length; at += step) builder.take(stream.subarray(at, at + step))
  const { root, last } = builder.finish(new Uint8Array())
  return { root, state: openCheckpoint(source(last)).state }
}

interface Given {
  readonly seed: number
  readonly nonce: bigint
  readonly balance: bigint
  readonly code: Uint8Array
  readonly slots: number
}

function addressOf(seed: number): Uint8Array {
  return keccak256(Uint8Array.of(seed >> 8, seed & 255)).slice(0, 20)
}

function stateOf(accounts: readonly Given[]): State {
  return emptyState().apply(
    encodeDifference({
      accounts: accounts.map(({ seed, nonce, balance, code, slots }) => ({
        address: addressOf(seed),
        account: { nonce, balance, codeHash: code.length > 0 ? keccak256(code) : emptyCodeHash },
        storageWiped: false,
        slots: Array.from(
          { length: slots },
          (_, at) => [BigInt(at), BigInt(at * seed + 1)] as const,
        ),
      })),
      codes: accounts.map(({ code }) => code).filter((code) => code.length > 0),
    }),
  )
}

const many = (count: number, slots = 0) =>
  Array.from({ length: count }, (_, seed) => ({
    ...{ seed, nonce: BigInt(seed % 3), balance: BigInt(seed) ** 5n, slots },
    code: seed % 7 === 0 ? Uint8Array.of(seed & 255, 1, 2) : new Uint8Array(),
  }))

describe('a snapshot', () => {
  test('gives back the state, in pieces of any length', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(
          fc.record({
            seed: fc.integer({ min: 0, max: 65_535 }),
            nonce: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
            balance: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
            code: fc.uint8Array({ maxLength: 40 }),
            slots: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 300 })),
          }),
          { selector: ({ seed }) => seed, maxLength: 120 },
        ),
        fc.integer({ min: 1, max: 5_000 }),
        (accounts, step) => {
          const state = stateOf(accounts)
          const stream = streamOf(state)
          const again = built(stream, step)
          assert.deepEqual(again.root, state.root)
          assert.deepEqual(again.state.root, state.root)
          assert.deepEqual(streamOf(again.state), stream)
          for (const { seed, slots, code } of accounts.slice(0, 20)) {
            const address = addressOf(seed)
            assert.deepEqual(again.state.account(address), state.account(address))
            assert.equal(
              again.state.storage(address, BigInt(slots - 1)),
              state.storage(address, BigInt(slots - 1)),
            )
            if (code.length > 0) assert.deepEqual(again.state.code(keccak256(code)), code)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  test('of many accounts, and of an account with many slots, can be changed like the state itself', () => {
    for (const accounts of [many(5_000), many(3, 20_000)]) {
      const state = stateOf(accounts)
      const again = built(streamOf(state), 65_536).state
      const change = encodeDifference({
        accounts: accounts.slice(0, 50).map(({ seed }) => ({
          address: addressOf(seed),
          account: { nonce: 9n, balance: 9n, codeHash: emptyCodeHash },
          storageWiped: false,
          slots: [[7n, 0n] as const, [10n ** 9n, 4n] as const],
        })),
        codes: [],
      })
      assert.deepEqual(again.apply(change).root, state.apply(change).root)
    }
  })

  test('is the same whatever the state came from', () => {
    const whole = stateOf(many(400, 3))
    const file = openCheckpoint(fileOf(whole)).state
    const touched = encodeDifference({
      accounts: [
        {
          ...{ address: addressOf(1), storageWiped: false },
          account: { nonce: 1n, balance: 77n, codeHash: emptyCodeHash },
          slots: [
            [0n, 0n],
            [1n, 0n],
            [2n, 0n],
          ],
        },
        ...Array.from({ length: 330 }, (_, at) => ({
          ...{ address: addressOf(at + 30), account: undefined, storageWiped: true, slots: [] },
        })),
      ],
      codes: [],
    })
    assert.deepEqual(streamOf(file.apply(touched)), streamOf(whole.apply(touched)))
  })

  test('with any byte changed is refused, or has another root', () => {
    const state = stateOf(many(9, 2))
    const stream = streamOf(state)
    for (let at = 0; at < stream.length; at += 1) {
      const altered = stream.slice()
      altered[at] = (altered[at] as number) ^ (1 << (at % 8))
      assert.notDeepEqual(rootOf(altered), state.root, `byte ${at}`)
    }
    for (let at = 0; at < stream.length; at += 19) {
      assert.equal(rootOf(stream.subarray(0, at)), 'state/bad-snapshot')
    }
    assert.equal(rootOf(concatBytes(stream, Uint8Array.of(0))), 'state/bad-snapshot')
    assert.equal(rootOf(new Uint8Array(100)), 'state/bad-snapshot')
  })

  test('of nothing has the root of nothing', () => {
    const state = emptyState()
    assert.deepEqual(built(streamOf(state)).root, state.root)
  })
})

/** The root that a stream gives, or the code by which it is refused. */
function rootOf(stream: Uint8Array): Uint8Array | string {
  try {
    return built(stream).root
  } catch (error) {
    return (error as { readonly code?: string }).code ?? String(error)
  }
}

/** Checks address records, what is kept of them, and what is read from outside. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AppError } from '../../base/app-error.ts'
import { identityOf } from '../test-network/open-nodes.ts'
import { AddressBook, decodeBook, encodeBook } from './address-book.ts'
import { mayFollow, reachOf, readRecord, signRecord } from './address-record.ts'
import { decodeBeacon, encodeBeacon } from './lan-discovery.ts'

const endpoints = [
  { host: '192.0.2.7', port: 30_400 },
  { host: '2001:db8::1', port: 1 },
]
const record = (seed: number, sequence = 1) =>
  readRecord(signRecord(identityOf(seed), endpoints, sequence))
const seedOf = (at: number) =>
  new Uint8Array(32).map((_, place) => (place < 4 ? (at >> (8 * place)) & 255 : 7))
/** Distinct records without the cost of signing them. */
const cheap = (at: number) => ({ ...one, id: seedOf(at).toHex() })
const one = record(1)

test('a record comes out as it was signed, and not if a bit of it is another', () => {
  for (const scheme of ['ed25519', 'ml-dsa-65'] as const) {
    const identity = identityOf(3, scheme)
    const bytes = signRecord(identity, endpoints, 1_700_000_000_000)
    const read = readRecord(bytes)
    assert.deepEqual([read.id, read.sequence], [identity.id, 1_700_000_000_000])
    assert.deepEqual(read.endpoints, endpoints)
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
        const changed = bytes.map((byte, place) => (place === at ? byte ^ (1 << bit) : byte))
        assert.throws(() => readRecord(changed), AppError)
      }),
      { numRuns: 30 },
    )
  }
  const named = [{ host: 'host.example', port: 1 }]
  assert.throws(() => readRecord(signRecord(identityOf(1), named, 1)), {
    code: 'network/bad-record',
  })
  assert.throws(() => readRecord(signRecord(identityOf(1), [], 1)), { code: 'network/bad-record' })
})

test('any bytes are a record, a book, a beacon or none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      assert.throws(() => readRecord(bytes), AppError)
      decodeBeacon(bytes)
      try {
        decodeBook(bytes)
      } catch (error) {
        assert.ok(error instanceof AppError)
      }
    }),
  )
})

test('what is heard at a distance does not lead into a machine or site', () => {
  const [machine, site, world] = [
    ['127.0.0.1', '::1', '::ffff:127.0.0.1'],
    [
      '10.1.2.3',
      '192.168.0.9',
      '172.16.0.1',
      '172.31.9.9',
      '169.254.1.1',
      '100.64.0.1',
      'fd00::1',
      'fe80::1',
    ],
    ['192.0.2.1', '172.32.0.1', '100.128.0.1', '2001:db8::1', '8.8.8.8'],
  ] as const
  for (const host of machine) assert.equal(reachOf(host), 'machine', host)
  for (const host of site) assert.equal(reachOf(host), 'site', host)
  for (const host of world) assert.equal(reachOf(host), 'world', host)
  assert.deepEqual(
    (['machine', 'site', 'world'] as const).map((from) => mayFollow('10.0.0.1', from)),
    [true, true, false],
  )
})

test('the newer record holds, and a peer may tell so many', () => {
  const book = new AddressBook()
  assert.equal(book.learn(record(1, 5)), true)
  assert.equal(book.learn(record(1, 4)), false)
  assert.equal(book.learn(record(1, 6)), true)
  assert.equal(book.get(one.id)?.record.sequence, 6)
  const told = Array.from({ length: 100 }, (_, at) => book.learn(cheap(at), 'teller'))
  assert.equal(told.filter(Boolean).length, 64)
  assert.equal(book.learn(cheap(200), 'another'), true)
})

test('a full book forgets who failed most often, and no one who did not', () => {
  const book = new AddressBook()
  for (let at = 0; at < 1_024; at += 1) book.learn(cheap(at))
  assert.equal(book.learn(cheap(5_000)), false)
  book.failed(cheap(3).id)
  book.failed(cheap(9).id)
  book.failed(cheap(9).id)
  assert.equal(book.learn(cheap(5_000)), true)
  assert.deepEqual([book.get(cheap(9).id), book.size], [undefined, 1_024])
  book.linked(cheap(3).id, 7)
  assert.equal(book.learn(cheap(5_001)), false)
})

test('a book and its bans come back from bytes, and peers are told only who was linked', () => {
  const book = new AddressBook()
  for (const seed of [1, 2, 3]) book.learn(record(seed))
  book.linked(identityOf(1).id, 5)
  book.linked(identityOf(3).id, 6)
  const bans = [{ id: identityOf(9).id, untilMs: 1_800_000_000_000, reason: 'bad-block' }]
  const read = decodeBook(encodeBook(book, bans))
  assert.deepEqual(read.bans, bans)
  assert.deepEqual([...read.book.entries()], [...book.entries()])
  const ids = (count: number, chance: number) => read.book.sample(count, chance).map(({ id }) => id)
  assert.deepEqual(ids(9, 0), [identityOf(1).id, identityOf(3).id])
  assert.deepEqual(ids(1, 0.6), [identityOf(3).id])
})

test('a beacon comes out as it went in, with the beginnings of its chains', () => {
  const chains = Array.from({ length: 20 }, (_, at) => new Uint8Array(32).fill(at))
  const beacon = { id: one.id, port: 30_400, chains }
  const read = decodeBeacon(encodeBeacon(beacon))
  assert.deepEqual(read, { ...beacon, chains: chains.slice(0, 16).map((key) => key.slice(0, 8)) })
  assert.equal(decodeBeacon(encodeBeacon({ ...beacon, port: 0 })), undefined)
})

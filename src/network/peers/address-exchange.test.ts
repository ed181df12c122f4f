/** Checks which addresses are told, and which of those that are heard are kept. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeRlp, encodeRlp, rlpBytes, rlpList } from '../../chain/ledger/rlp.ts'
import { Questions } from '../channel/questions.ts'
import { type FrameHead, frameTypes } from '../link/frame.ts'
import type { Fault } from '../network.ts'
import { identityOf } from '../test-network/open-nodes.ts'
import { AddressBook } from './address-book.ts'
import { AddressExchange } from './address-exchange.ts'
import { readRecord, signRecord } from './address-record.ts'
import type { Peer } from './peer.ts'

const recordOf = (seed: number, host: string) =>
  signRecord(identityOf(seed), [{ host, port: 30_400 }], 1)
const idOf = (seed: number) => identityOf(seed).id

/** An exchange, and a peer at an address that keeps what it is sent. */
function openExchange(host: string) {
  const sent: { readonly head: FrameHead; readonly bytes: Uint8Array }[] = []
  const faults: string[] = []
  const book = new AddressBook()
  const time = { nowMs: 0 }
  const exchange = new AddressExchange({
    ...{ book, nowMs: () => time.nowMs, chance: () => 0 },
    score: (_peer: Peer, { name }: Fault) => faults.push(name),
  })
  const peer = {
    ...{ id: idOf(1), facts: { endpoint: { host, port: 1 } } },
    questions: new Questions({ after: () => () => {} }),
    link: { send: (head: FrameHead, bytes: Uint8Array) => sent.push({ head, bytes }) > 0 },
  } as unknown as Peer
  /** Asks the peer, and lets it answer. */
  const ask = async (answer: Uint8Array) => {
    const asked = exchange.ask(peer)
    const { head } = sent.at(-1) ?? assert.fail('nothing was asked')
    exchange.receive(peer, { ...head, type: frameTypes.answer, bytes: answer })
    await asked
  }
  return { sent, faults, book, time, exchange, peer, ask }
}

const hosts = ['127.0.0.1', '10.0.0.1', '192.0.2.1'] as const

test('what is heard is kept if it may lead there from where it was heard', async () => {
  const answer = encodeRlp(hosts.map((host, at) => recordOf(at + 2, host)))
  for (const [from, kept] of [
    ['127.0.0.5', [2, 3, 4]],
    ['192.168.0.5', [3, 4]],
    ['203.0.113.5', [4]],
  ] as const) {
    const { book, ask, faults } = openExchange(from)
    await ask(answer)
    assert.deepEqual(
      [...book.entries()].map(({ record }) => record.id),
      kept.map(idOf),
      from,
    )
    assert.deepEqual(faults, [])
  }
})

test('a record that its node did not sign, and what is none, is scored', async () => {
  const forged = recordOf(2, '192.0.2.1')
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
  for (const [answer, fault] of [
    [encodeRlp([forged]), 'bad-signature'],
    [Uint8Array.of(1, 2), 'bad-encoding'],
  ] as const) {
    const { book, ask, faults } = openExchange('203.0.113.5')
    await ask(answer)
    assert.deepEqual([faults, book.size], [[fault], 0])
  }
})

test('a peer is told of others that it may reach, not of itself, and not all the time', () => {
  const { sent, book, time, exchange, peer, faults } = openExchange('192.168.0.5')
  for (const [seed, host] of [
    [1, '192.0.2.9'],
    ...hosts.map((host, at) => [at + 2, host] as const),
  ] as const) {
    book.learn(readRecord(recordOf(seed, host)))
    book.linked(idOf(seed), 1)
  }
  const question = { channel: 0, kind: 18, type: frameTypes.question, bytes: new Uint8Array() }
  for (const [id, nowMs] of [
    [1, 0],
    [2, 29_999],
    [3, 30_000],
  ] as const) {
    time.nowMs = nowMs
    exchange.receive(peer, { ...question, id })
  }
  assert.deepEqual(
    sent.map(({ head }) => [head.type, head.id]),
    [
      ...[
        [2, 1],
        [3, 2],
        [2, 3],
      ],
    ],
  )
  const told = rlpList(decodeRlp(sent[0]?.bytes ?? new Uint8Array()), 'records')
  assert.deepEqual(
    told.map((one) => readRecord(rlpBytes(one, 'record')).id),
    [idOf(3), idOf(4)],
  )
  assert.deepEqual(faults, ['out-of-place'])
})

test('of its own greeting only a record of the node itself is kept', () => {
  const { exchange, book } = openExchange('203.0.113.5')
  exchange.learnOwn(idOf(1), recordOf(2, '192.0.2.1'))
  exchange.learnOwn(idOf(1), Uint8Array.of(1))
  exchange.learnOwn(idOf(1), new Uint8Array())
  assert.equal(book.size, 0)
  exchange.learnOwn(idOf(1), recordOf(1, '192.0.2.1'))
  assert.equal(book.size, 1)
})

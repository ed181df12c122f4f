/** Checks whom a node connects to, and when it tries again. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { identityOf } from '../test-network/open-nodes.ts'
import { AddressBook } from './address-book.ts'
import { readRecord, signRecord } from './address-record.ts'
import { type Candidate, DialPlan, type DialView, pauseMs } from './dial-plan.ts'
import { HostGate } from './host-gate.ts'
import { hasPlace, isNewKept, type Occupant } from './places.ts'

const endpoint = (port: number) => ({ host: '10.0.0.1', port })
const view = (parts: Partial<DialView> = {}): DialView => ({
  ...{ nowMs: 0, room: 10, chance: 0, isLinked: () => false, isBarred: () => false },
  ...parts,
})
const ports = (candidates: readonly Candidate[]) => candidates.map((one) => one.endpoint.port)
const idOf = (seed: number) => identityOf(seed).id

function bookOf(...seeds: readonly number[]): AddressBook {
  const book = new AddressBook()
  for (const seed of seeds)
    book.learn(readRecord(signRecord(identityOf(seed), [endpoint(seed)], 1)))
  return book
}

test('peers that were asked for are tried beside those that were learned, each once at a time', () => {
  const plan = new DialPlan(bookOf(1, 2, 3))
  plan.want(endpoint(10))
  plan.noteNearby(endpoint(20), idOf(20))
  assert.deepEqual(ports(plan.next(view({ room: 2 }))), [10, 20, 1])
  assert.deepEqual(ports(plan.next(view({ room: 1, chance: 0.9 }))), [3])
  assert.deepEqual(ports(plan.next(view())), [2])
  assert.deepEqual(ports(plan.next(view())), [])
})

test('who is linked or barred is not tried, and neither is this node', () => {
  const plan = new DialPlan(bookOf(1, 2))
  plan.want(endpoint(10))
  const [wanted] = plan.next(view({ room: 0 }))
  plan.isSelf(wanted as Candidate)
  const isLinked = (id: string) => id === idOf(1)
  const isBarred = (id: string) => id === idOf(2)
  assert.deepEqual(ports(plan.next(view({ isLinked, isBarred }))), [])
  assert.deepEqual(ports(plan.next(view({ isLinked }))), [2])
})

test('who answered at an address that names nobody is known from then on', () => {
  const plan = new DialPlan(new AddressBook())
  plan.want(endpoint(10))
  const [wanted] = plan.next(view()) as [Candidate]
  plan.linked(wanted, idOf(5))
  assert.equal(plan.isWanted(idOf(5)), true)
  assert.deepEqual(ports(plan.next(view({ isLinked: (id) => id === idOf(5) }))), [])
  plan.unwant(idOf(5))
  assert.deepEqual([plan.isWanted(idOf(5)), ports(plan.next(view()))], [false, []])
})

test('pauses double up to their longest, and are a half to one and a half of it by chance', () => {
  assert.deepEqual(
    [0, 1, 2, 10].map((failures) => pauseMs(failures, 15_000, 0.5)),
    [...[1_000, 2_000, 4_000, 15_000]],
  )
  assert.deepEqual([pauseMs(0, 15_000, 0), pauseMs(99, 15_000, 1)], [500, 22_500])
})

test('a failure is followed by a pause, one that is over soon too, a long link by a short one', () => {
  const plan = new DialPlan(new AddressBook())
  plan.want(endpoint(10), idOf(1))
  let nowMs = 0
  const due = () => ports(plan.next(view({ nowMs }))).length === 1
  const moment = () => ({ nowMs, chance: 0.5 })
  const [wanted] = plan.next(view()) as [Candidate]
  for (const pause of [2_000, 4_000, 8_000, 15_000, 15_000]) {
    plan.failed(wanted, moment())
    nowMs += pause - 1
    assert.equal(due(), false)
    nowMs += 1
    assert.equal(due(), true)
  }
  plan.linked(wanted, idOf(1))
  plan.lost(idOf(1), 9_999, moment())
  nowMs += 14_999
  assert.equal(due(), false)
  plan.lost(idOf(1), 10_000, moment())
  nowMs += 1_000
  assert.equal(due(), true)
})

test('a learned address waits up to ten minutes, and its failures count in the book', () => {
  const book = bookOf(1)
  const plan = new DialPlan(book)
  let nowMs = 0
  for (let turn = 0; turn < 12; turn += 1) {
    const [one] = plan.next(view({ nowMs })) as [Candidate]
    assert.deepEqual(one.expected, idOf(1))
    plan.failed(one, { nowMs, chance: 0.5 })
    nowMs += 600_000
  }
  assert.equal(book.get(idOf(1))?.failures, 12)
})

test('strangers fill their places only, those that are named theirs first and then any', () => {
  const places = { inbound: 2, outbound: 1, named: 1 }
  const [stranger, dialled] = [
    { isDialled: false, isNamed: false },
    { isDialled: true, isNamed: false },
  ]
  const named: Occupant = { isDialled: false, isNamed: true }
  assert.equal(hasPlace(stranger, [stranger, named, dialled], places), true)
  assert.equal(hasPlace(stranger, [stranger, stranger], places), false)
  assert.equal(hasPlace(dialled, [stranger, stranger], places), true)
  assert.equal(hasPlace(dialled, [dialled], places), false)
  assert.equal(hasPlace(named, [stranger, stranger, dialled], places), true)
  assert.equal(hasPlace(named, [named, stranger], places), true)
  assert.equal(hasPlace(named, [named, stranger, stranger], places), false)
})

test('both ends keep the same one of two links', () => {
  const [low, high] = ['0a', 'f0']
  for (const isOfLow of [true, false]) {
    const atLow = isNewKept({ wasDialled: !isOfLow, isDialled: isOfLow }, low, high)
    const atHigh = isNewKept({ wasDialled: isOfLow, isDialled: !isOfLow }, high, low)
    assert.deepEqual([atLow, atHigh], [isOfLow, isOfLow])
  }
  assert.equal(isNewKept({ wasDialled: true, isDialled: true }, high, low), true)
})

test('a host begins so many handshakes at once and one a second, fewer after garbage', () => {
  const gate = new HostGate()
  const entered = (nowMs: number, host = 'a') => {
    let count = 0
    while (gate.enter(host, nowMs)) count += 1
    return count
  }
  assert.deepEqual([entered(0), entered(0), entered(5_000), entered(5_000, 'b')], [32, 0, 5, 32])
  gate.blame('a', 5_000)
  assert.deepEqual([entered(12_999), entered(14_000)], [0, 1])
  for (let at = 0; at < 2_000; at += 1) gate.enter(`${at}`, 20_000)
  assert.equal(entered(20_000), 32, 'forgotten when there were too many')
})

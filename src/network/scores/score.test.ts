/** Checks the table of faults, decay, bans and budgets. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Fault } from '../network.ts'
import { peerFaults } from '../peer-faults.ts'
import { Reputation } from './reputation.ts'
import { judge, newStanding, pointsAt, type Standing } from './score.ts'

const [minute, hour] = [60_000, 3_600_000]
const stranger = (nowMs: number) => ({ nowMs, isValidator: false })
const after = (standing: Standing, fault: Fault, nowMs = 0) =>
  judge(standing, fault, stranger(nowMs))

/** What follows from a fault again and again at one moment. */
function repeated(fault: Fault, times: number) {
  let judgement = after(newStanding(0), fault)
  for (let at = 1; at < times; at += 1) judgement = after(judgement.standing, fault)
  return judgement
}

test('the faults cost what the design says, and send away at −100', () => {
  const costs = Object.values(peerFaults).map(({ points }) => points)
  assert.deepEqual(costs, [-100, -50, -50, -50, -50, -30, -10, -10, -2, -1, 1, -100])
  assert.equal(repeated(peerFaults.badEncoding, 1).banMs, 24 * hour)
  assert.equal(repeated(peerFaults.badSignature, 1).banMs, undefined)
  assert.equal(repeated(peerFaults.badSignature, 2).banMs, hour)
  assert.equal(repeated(peerFaults.unaskedAnswer, 9).banMs, undefined)
  assert.equal(repeated(peerFaults.unaskedAnswer, 10).banMs, hour)
})

test('what there was decays by half in 10 minutes', () => {
  const { standing } = repeated(peerFaults.badPart, 1)
  assert.equal(pointsAt(standing, 10 * minute), -25)
  assert.equal(after(standing, peerFaults.badPart, 10 * minute).standing.points, -75)
  assert.equal(after(standing, peerFaults.badPart, 10 * minute).banMs, undefined)
})

test('what is new gains at most 10 a minute and 100 in all', () => {
  assert.equal(repeated(peerFaults.news, 100).standing.points, 10)
  let standing = newStanding(0)
  for (let at = 0; at < 200; at += 1) {
    for (let time = 0; time < 20; time += 1)
      standing = after(standing, peerFaults.news, at * minute).standing
    assert.ok(standing.points <= 100)
  }
  assert.ok(standing.points > 90)
})

test('a peer may cost 50 failed checks a minute, whatever they are scored', () => {
  const cheap: Fault = { name: 'cheap', points: 0, isFailedCheck: true }
  assert.equal(repeated(cheap, 49).banMs, undefined)
  assert.equal(repeated(cheap, 50).banMs, hour)
  assert.equal(after(repeated(cheap, 49).standing, cheap, minute).banMs, undefined)
})

test('a validator is never away for longer than a minute', () => {
  const judged = judge(newStanding(0), peerFaults.badEncoding, { nowMs: 0, isValidator: true })
  assert.equal(judged.banMs, minute)
})

test('whatever is done, the score stays within its bounds', () => {
  const anyFault = fc.record({
    name: fc.constant('any'),
    points: fc.integer({ min: -200, max: 50 }),
  })
  fc.assert(
    fc.property(fc.array(fc.tuple(anyFault, fc.nat(hour))), (steps) => {
      let [standing, nowMs] = [newStanding(0), 0]
      for (const [fault, pauseMs] of steps) {
        nowMs += pauseMs
        standing = after(standing, fault, nowMs).standing
        assert.ok(Math.abs(standing.points) <= 100 && standing.gained <= 10)
      }
    }),
  )
})

test('who is sent away comes back when the time is over, or is pardoned, with a score of 0', () => {
  const reputation = new Reputation()
  assert.equal(reputation.score('a', peerFaults.badBody, stranger(0)), false)
  assert.equal(reputation.scoreOf('a', 0), -30)
  assert.equal(reputation.score('a', peerFaults.badEncoding, stranger(0)), true)
  assert.deepEqual(reputation.bans(0), [{ id: 'a', untilMs: 24 * hour, reason: 'bad-encoding' }])
  assert.equal(reputation.isBanned('a', 24 * hour - 1), true)
  assert.equal(new Reputation(reputation.bans(0)).isBanned('a', hour), true)
  assert.equal(reputation.isBanned('a', 24 * hour), false)
  assert.equal(reputation.scoreOf('a', 24 * hour), 0)
  reputation.ban('b', hour)
  reputation.pardon('b')
  assert.equal(reputation.isBanned('b', 0), false)
})

test('as many are remembered as there is room for, the last ones', () => {
  const reputation = new Reputation()
  for (let at = 0; at < 5_000; at += 1) reputation.ban(`${at}`, hour)
  assert.equal(reputation.bans(0).length, 4_096)
  assert.equal(reputation.isBanned('4999', 0), true)
})

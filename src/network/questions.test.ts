/** Checks questions and their answers. */

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { concatBytes } from '../base/bytes.ts'
import type { Answer, Channel, QuestionKind } from './network.ts'
import { peerFaults } from './peer-faults.ts'
import {
  addressOf,
  bytesOf,
  chainKey,
  identityOf,
  openNode,
  until,
} from './test-network/open-nodes.ts'
import { openRogue } from './test-network/rogue.ts'

type Answering = (bytes: Uint8Array) => Promise<Answer>

const kindOf = (answer: Answering, parts: Partial<QuestionKind> = {}): QuestionKind => {
  const rest = { number: 5, name: 'echo', maxBytes: 100, maxAnswerBytes: 200 }
  return { ...rest, answer: (_from, bytes) => answer(bytes), ...parts }
}

const rulesOf = (question: QuestionKind) => ({
  ...{ chainKey: chainKey(1), messages: [], questions: [question], isValidator: () => false },
})

/** Two linked nodes; the second answers. */
async function pair(context: TestContext, answer: Answering, parts: Partial<QuestionKind> = {}) {
  const a = await openNode(context, 1)
  const b = await openNode(context, 2, { peers: [addressOf(a)] })
  const [atA, atB] = [a, b].map((node) => node.join(rulesOf(kindOf(answer, parts)))) as [
    Channel,
    Channel,
  ]
  await until(() => atA.peers().length === 1 && atB.peers().length === 1)
  const ask = (text: string, signal?: AbortSignal) => atA.ask(b.id, 5, bytesOf(text), signal)
  const score = (node = a) => Math.round(node.peers()[0]?.score ?? Number.NaN)
  return { a, b, atA, ask, score }
}

const never = () => new Promise<never>(() => {})

test('a question gets its answer, or hears that there is none', async (context) => {
  const { a, b, atA, ask, score } = await pair(context, async (bytes) => {
    if (bytes.length === 0) return undefined
    if (bytes.length === 1) throw new Error('a fault of ours')
    return bytes.length === 2 ? new Uint8Array(201) : concatBytes(bytes, bytes)
  })
  assert.deepEqual(await ask('what'), bytesOf('whatwhat'))
  for (const refused of ['', 'a', 'ab']) {
    await assert.rejects(ask(refused), { code: 'network/refused', retry: 'now' })
  }
  await assert.rejects(atA.ask(a.id, 5, bytesOf('what')), { code: 'network/no-peer' })
  await assert.rejects(ask('x'.repeat(101)), { code: 'network/bad-message' })
  assert.deepEqual([score(), score(b)], [0, 0])
})

test('a question that is wrong is scored', async (context) => {
  const { b, ask, score } = await pair(context, async () => peerFaults.badBlock)
  await assert.rejects(ask('what'), { code: 'network/refused' })
  assert.equal(score(b), -50)
})

test('as many of a kind are under way as are allowed', async (context) => {
  let open = 0
  const finish: (() => void)[] = []
  const answer: Answering = async (bytes) => {
    open += 1
    await new Promise<void>((resolve) => finish.push(resolve))
    return bytes
  }
  const { ask } = await pair(context, answer, { outstanding: 2 })
  const both = [ask('one'), ask('two')]
  await assert.rejects(ask('three'), { code: 'network/busy', retry: 'now' })
  await until(() => open === 2)
  for (const one of finish) one()
  assert.deepEqual(await Promise.all(both), [bytesOf('one'), bytesOf('two')])
})

test('a question without an answer in time is scored, one that was given up or lost its peer is not', async (context) => {
  const { ask, score } = await pair(context, never, { deadlineMs: 30 })
  await assert.rejects(ask('what'), { code: 'network/no-answer' })
  assert.equal(score(), -2)
  const { ask: askOther, score: scoreOther, b } = await pair(context, never)
  const abort = new AbortController()
  const given = askOther('what', abort.signal)
  abort.abort()
  await assert.rejects(given, { code: 'network/no-answer' })
  await assert.rejects(askOther('what', AbortSignal.abort()), { code: 'network/no-answer' })
  assert.equal(scoreOther(), 0)
  const lost = assert.rejects(askOther('what'), { code: 'network/no-answer' })
  await b.stop()
  await lost
})

test('an answer that nobody asked for is scored, one that comes late is not', async (context) => {
  const node = await openNode(context, 1)
  const channel = node.join(rulesOf(kindOf(never, { deadlineMs: 20 })))
  const rogue = await openRogue(context, node)
  await until(() => channel.peers().length === 1)
  const score = () => Math.round(node.peers()[0]?.score ?? Number.NaN)
  const answer = (id: number, kind = 5) => rogue.send({ channel: 1, kind, type: 2, id })
  answer(77)
  await until(() => score() === -10)
  await assert.rejects(channel.ask(rogue.id, 5, bytesOf('what')), { code: 'network/no-answer' })
  const asked = rogue.frames.find(({ type }) => type === 1)
  assert.deepEqual([asked?.channel, asked?.kind, asked?.bytes], [9, 5, bytesOf('what')])
  assert.equal(score(), -12)
  answer(asked?.id ?? 0)
  answer(asked?.id ?? 0)
  rogue.send({ kind: 2, id: 5 })
  await until(() => rogue.frames.some(({ kind, id }) => kind === 3 && id === 5))
  assert.equal(score(), -22)
})

test('no room is made for a long answer that nobody asked for', async (context) => {
  const node = await openNode(context, 1)
  const channel = node.join(rulesOf(kindOf(never, { maxAnswerBytes: 8_000_000 })))
  const rogue = await openRogue(context, node)
  await until(() => channel.peers().length === 1)
  rogue.send({ channel: 1, kind: 5, type: 2, id: 1 }, new Uint8Array(1_025))
  assert.equal(await rogue.farewell(), 'bad-frame')
})

test('whoever asks more at once than is allowed hears that there is no answer, and is scored', async (context) => {
  const node = await openNode(context, 1)
  const channel = node.join(rulesOf(kindOf(never)))
  const rogue = await openRogue(context, node, { identity: identityOf(98) })
  await until(() => channel.peers().length === 1)
  for (const id of [1, 2, 3]) rogue.send({ channel: 1, kind: 5, type: 1, id })
  await until(() => rogue.frames.filter(({ type }) => type === 3).length === 2)
  assert.equal(Math.round(node.peers()[0]?.score ?? 0), -2)
})

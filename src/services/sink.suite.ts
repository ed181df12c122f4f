/** Tests the contract of sinks; each implementation runs them against the real other side. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Sink, SinkMessage } from './sink.ts'
import { messageOf, until } from './test-bed/sink-world.ts'

/** A sink and its other side. */
export interface SinkBed {
  readonly sink: Sink
  /** What has come so far, in the order in which it came. */
  received(): Promise<readonly Pick<SinkMessage, 'id' | 'payload'>[]>
  /** Takes the other side away. */
  shut(): Promise<void> | void
  open(): Promise<void> | void
}

type Test = { after(run: () => Promise<void> | void): void }

/** Runs the tests. @param make - makes a bed, which is gone after the test */
export function sinkSuite(kind: string, make: (t: Test) => Promise<SinkBed>): void {
  const numbers = (messages: readonly { readonly payload: string }[]) =>
    messages.map(({ payload }) => Number(JSON.parse(payload).n))

  test(`${kind}: messages come whole, with their ids, those of a key in their order`, async (t) => {
    const { sink, received } = await make(t)
    const messages = Array.from({ length: 300 }, (_, n) => messageOf(n, `k${n % 7}`))
    for (let at = 0; at < 300; at += 100) {
      const verdicts = await sink.send(messages.slice(at, at + 100))
      assert.deepEqual(new Set(verdicts), new Set([undefined]))
    }
    await until(async () => (await received()).length >= 300)
    const came = await received()
    assert.equal(came.length, 300)
    for (const { id, payload } of came) {
      assert.equal(payload, messages.find((one) => one.id === id)?.payload)
    }
    for (let key = 0; key < 7; key += 1) {
      const ofKey = numbers(came).filter((n) => n % 7 === key)
      assert.deepEqual(
        ofKey,
        [...ofKey].sort((a, b) => a - b),
      )
    }
  })

  test(`${kind}: while the other side is away nothing is taken and nothing blamed; then all is`, async (t) => {
    const { sink, received, shut, open } = await make(t)
    assert.deepEqual(await sink.send([messageOf(1)]), [undefined])
    await shut()
    const messages = [messageOf(2), messageOf(3), messageOf(4, 'b')]
    for (const verdict of await sink.send(messages)) {
      assert.ok(verdict)
      assert.notEqual(verdict.code, 'services/message-refused')
      assert.equal(verdict.retry, 'later')
    }
    await open()
    assert.deepEqual(await sink.send(messages), [undefined, undefined, undefined])
    await until(async () => (await received()).length >= 4)
    const ofKey = numbers(await received()).filter((n) => n !== 4)
    assert.deepEqual(ofKey.slice(0, 3), [1, 2, 3])
  })

  test(`${kind}: a repetition has the id of the first`, async (t) => {
    const { sink, received } = await make(t)
    for (let time = 0; time < 2; time += 1) {
      assert.deepEqual(await sink.send([messageOf(1)]), [undefined])
    }
    await sink.send([messageOf(2)])
    await until(async () => (await received()).some(({ id }) => id === 'm2'))
    const came = await received()
    assert.deepEqual([...new Set(came.map(({ id }) => id))], ['m1', 'm2'])
  })
}

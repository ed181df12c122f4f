/** Asks a node for more than its share: it says "later" to whoever does, answers all others, and nobody is blamed. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ChainBlocks } from './chain-blocks.ts'
import type { ChainDerived } from './chain-derived.ts'
import type { ChainSnapshots } from './chain-snapshots.ts'
import { mostChunks, mostQuestions, SyncAnswers } from './sync-answers.ts'
import { fetchChunks } from './syncing/chunk-fetch.ts'
import type { ChunkStore } from './syncing/chunk-store.ts'
import { isLater, later, mostDecided, syncMessages } from './syncing/sync-messages.ts'

const minuteMs = 60_000

/** A chain that has every chunk, and blocks of this size. */
function answering(blockBytes = 100) {
  const time = { nowMs: 1_000 }
  const block = new Uint8Array(blockBytes)
  const answers = new SyncAnswers({
    blocks: {
      head: () => ({ header: { number: 100_000n } }),
      decidedBlock: () => block,
    } as unknown as ChainBlocks,
    derived: {} as ChainDerived,
    snapshots: {
      chunk: (_: bigint, index: number) => ({ index, path: [], bytes: new Uint8Array(10) }),
    } as unknown as ChainSnapshots,
    ...{ nowMs: () => time.nowMs, turns: () => async () => {} },
  })
  const chunk = (from: string) =>
    answers.answer('chunk', from, syncMessages.place.encode({ number: 40n, index: 3 }))
  const decided = (from: string, first = 1n, to = 99_000n) =>
    answers.answer('decided', from, syncMessages.stretch.encode({ from: first, to }))
  return { time, answers, chunk, decided }
}

/** Asks until it is told to come later; how often it was answered. */
async function answered(ask: () => ReturnType<SyncAnswers['answer']>): Promise<number> {
  for (let count = 0; ; count += 1) {
    const answer = await ask()
    assert.ok(
      answer instanceof Uint8Array,
      `it is neither blamed nor left without a word: ${answer}`,
    )
    if (isLater(answer)) return count
  }
}

describe('a node that is asked for its chain', () => {
  test('says "later" to who asks for too many chunks in a minute, and to nobody else', async () => {
    const { time, chunk, answers } = answering()
    assert.equal(await answered(() => chunk('greedy')), mostChunks)
    const other = await chunk('modest')
    assert.ok(other instanceof Uint8Array && !isLater(other))
    time.nowMs += minuteMs - 1
    assert.deepEqual(await chunk('greedy'), later)
    time.nowMs += 1
    assert.equal(await answered(() => chunk('greedy')), mostChunks)
    // Nothing is remembered of who went.
    answers.drop('greedy')
    assert.equal(await answered(() => chunk('greedy')), mostChunks)
  })

  test('has another share for blocks, and ends an answer by their number and their bytes', async () => {
    const { decided, chunk } = answering()
    const read = async (asked: ReturnType<typeof decided>) =>
      syncMessages.blocks.decode((await asked) as Uint8Array).what.length
    assert.equal(await read(decided('peer')), mostDecided)
    assert.equal(await read(decided('peer', 5n, 6n)), 2)
    const large = answering(3 * 1024 * 1024)
    assert.equal(await read(large.decided('peer')), 2)
    // One that is larger than an answer should be is given alone.
    assert.equal(await read(answering(9 * 1024 * 1024).decided('peer')), 1)
    assert.equal(await answered(() => decided('peer', 5n, 5n)), mostQuestions - 2)
    const other = await chunk('peer')
    assert.ok(other instanceof Uint8Array && !isLater(other))
  })

  test('blames who asks what cannot be read', async () => {
    const { answers } = answering()
    assert.equal(await answers.answer('chunk', 'liar', Uint8Array.of(1)), 'bad-encoding')
  })
})

test('who is told "later" comes again later, and holds it against nobody', async () => {
  const pauses: number[] = []
  let said = 0
  const scores: string[] = []
  const asked = fetchChunks({
    ...{ number: 40n, plan: { root: new Uint8Array(32), byteLength: 10, number: 40n } as never },
    store: { count: 1, size: 0, has: () => false } as unknown as ChunkStore,
    peers: ['busy'],
    network: {
      ask: async () => {
        said += 1
        return said < 100 ? later : undefined
      },
      score: (_, wrong) => void scores.push(wrong),
    },
    ...{ isOver: () => said >= 99, tell: () => {} },
    pause: async (ms) => void pauses.push(ms),
  })
  assert.equal(await asked, false)
  assert.deepEqual([pauses.length, scores], [99, []])
})

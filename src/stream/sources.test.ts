/** Runs the suite of sources on Ethereum and on Bitcoin, each against a stand-in that follows its public interface. */

import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { AppError } from '../base/app-error.ts'
import type { Hex } from '../base/bytes.ts'
import type { Json, JsonRpcClient } from '../base/json-rpc.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import { createBitcoinSource } from './bitcoin-source.ts'
import { createEventDecoder } from './event-decoder.ts'
import { createEvmSource } from './evm-source.ts'
import { type SuiteChain, sourceSuite } from './source.suite.ts'
import { paid, ScriptedChain, vault } from './test-chain/scripted-chain.ts'

const digest = (text: string) => hash('sha256', text, 'hex')
const ours = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'

/** A node of Bitcoin whose chain grows and reorganises by command. */
class ScriptedBitcoin implements JsonRpcClient {
  readonly #blocks: { hash: string; tx: readonly Json[] }[] = [{ hash: digest('0'), tx: [] }]
  #salt = 0

  get head(): number {
    return this.#blocks.length - 1
  }

  grow(amounts: readonly bigint[] = []): void {
    const tx = amounts.map((amount) => ({
      // The same payment has the same transaction in whichever block it is.
      txid: digest(`payment of ${amount}`),
      vout: [
        { value: 0, n: 0, scriptPubKey: { hex: '6a0568656c6c6f', type: 'nulldata' } },
        { value: 1.5, n: 1, scriptPubKey: { type: 'witness_v0_keyhash', address: 'bc1qother' } },
        {
          value: Number(amount) / 1e8,
          n: 2,
          scriptPubKey: { type: 'witness_v0_keyhash', address: ours },
        },
      ],
    }))
    this.#blocks.push({ hash: digest(`${this.#blocks.length} ${this.#salt}`), tx })
  }

  drop(count: number): void {
    this.#blocks.splice(this.#blocks.length - count)
    this.#salt += 1
  }

  async request(method: string, [first]: readonly Json[] = []): Promise<Json> {
    if (method === 'getblockcount') return this.head
    if (method === 'getblockhash') {
      const block = this.#blocks[Number(first)]
      if (block) return block.hash
      const message = 'Block height out of range'
      throw new AppError({ code: 'json-rpc/error', message, data: { code: -8 } })
    }
    assert.equal(method, 'getblock')
    const height = this.#blocks.findIndex((block) => block.hash === first)
    const block = this.#blocks[height]
    if (block === undefined) {
      const message = 'Block not found'
      throw new AppError({ code: 'json-rpc/error', message, data: { code: -5 } })
    }
    const before = this.#blocks[height - 1]
    return {
      ...{ hash: block.hash, height, time: 1_700_000_000 + height, tx: block.tx },
      ...(before ? { previousblockhash: before.hash } : {}),
    }
  }
}

sourceSuite('an Ethereum chain', (): SuiteChain => {
  const chain = new ScriptedChain()
  const source = createEvmSource(
    { chain: 'test', checks: 'none' },
    {
      ...{ client: chain, logger: silentLogger, metrics: noMetrics },
      decoder: createEventDecoder([{ event: paid, address: vault }]),
    },
  )
  const byHash = async (of: Hex) => {
    const numbers = Array.from({ length: chain.head + 1 }, (_, n) => n)
    return (await source.blocksAt(numbers)).find((block) => block.hash === of)
  }
  return {
    source: Object.assign(source, { blockByHash: byHash }),
    get head() {
      return chain.head
    },
    grow: (amounts) => chain.grow(amounts),
    drop: (count) => chain.drop(count),
  }
})

sourceSuite('a Bitcoin chain', (): SuiteChain => {
  const chain = new ScriptedBitcoin()
  return {
    source: createBitcoinSource({ chainId: 7, addresses: [ours] }, { client: chain }),
    get head() {
      return chain.head
    },
    grow: (amounts) => chain.grow(amounts),
    drop: (count) => chain.drop(count),
  }
})

test('a source of Bitcoin tells notes, and which output of which transaction it was', async () => {
  const chain = new ScriptedBitcoin()
  chain.grow([2_099_999_999_999_999n])
  const options = { chainId: 7, addresses: [ours], notes: true }
  const source = createBitcoinSource(options, { client: chain })
  const { events } = await source.eventsOf(await source.blocksAt([1]))
  const txid = `0x${digest('payment of 2099999999999999')}`
  assert.deepEqual(
    events.map(({ key, name, args, logIndex }) => ({ key, name, args, logIndex })),
    [
      { key: `${txid}:0`, name: 'Noted', args: { data: '0x6a0568656c6c6f' }, logIndex: 0 },
      {
        ...{ key: `${txid}:2`, name: 'Paid', logIndex: 2 },
        args: { to: ours, amount: '2099999999999999' },
      },
    ],
  )
  assert.equal(await source.chainId(), 7)
  const other = { ...options, genesis: `0x${'00'.repeat(32)}` }
  assert.equal(await createBitcoinSource(other, { client: chain }).chainId(), -1)
})

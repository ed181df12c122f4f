/** Holds the check of headers and receipts against blocks that geth made. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../../src/base/json-rpc.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { noMetrics } from '../../src/base/metrics.ts'
import { createEventDecoder } from '../../src/stream/event-decoder.ts'
import { createEvmSource } from '../../src/stream/evm-source.ts'
import { readCases } from './rpc-cases.ts'
import { skipVectors, vectorSet } from './vectors.ts'

type Block = { readonly number: string; readonly hash: string }

test('headers and receipts of public blocks are bound to their hashes', {
  skip: skipVectors(),
}, async () => {
  const headers = new Map<string, Block>()
  const receipts = new Map<string, Json>()
  for (const { rounds } of await readCases(await vectorSet('execution-apis'))) {
    for (const { request, expected } of rounds) {
      const { method } = JSON.parse(request) as { method: string }
      const result = expected.result as (Block & readonly { blockHash: string }[]) | null
      if (/^eth_getBlockBy/.test(method) && result?.hash) headers.set(result.hash, result)
      const first = method === 'eth_getBlockReceipts' ? result?.[0] : undefined
      if (first) receipts.set(first.blockHash, result as never)
    }
  }
  let checked = 0
  for (const [hash, header] of headers) {
    const source = createEvmSource(
      { chain: 'test', checks: receipts.has(hash) ? 'all' : 'bloom' },
      {
        ...{ logger: silentLogger, metrics: noMetrics },
        decoder: createEventDecoder([{ event: 'ERC-20.Transfer' }]),
        client: {
          request: async (method) =>
            method === 'eth_getBlockByNumber' ? (header as never) : (receipts.get(hash) ?? []),
        },
      },
    )
    const blocks = await source.blocksAt([Number(header.number)])
    if (!receipts.has(hash)) continue
    await source.proven(blocks, { events: [], discovered: [] })
    checked += 1
  }
  assert.ok(
    checked > 0,
    `${headers.size} headers, ${receipts.size} lists of receipts, none of one block`,
  )
})

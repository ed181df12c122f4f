/** Answers JSON-RPC about a played chain: each payment is a transaction with one log. */

import { toRlp } from 'viem'
import { AppError } from '../../base/app-error.ts'
import type { Hex } from '../../base/bytes.ts'
import type { Json, JsonRpcClient } from '../../base/json-rpc.ts'
import { type PlayedBlock, type PlayedChain, transactionOf, vault } from './played-chain.ts'

const quantity = (value: number | bigint): Hex => `0x${value.toString(16)}`
/** The address of injected data. */
const dataAddress = `0x${Buffer.from('QuantumStream.data/1').toString('hex')}`

/** A client; an odd payment is data, too: the amount as JSON. */
export function playedClient(chain: PlayedChain): JsonRpcClient {
  return {
    async request(method, [which, full] = []) {
      const block = blockOf(chain, String(which))
      if (method === 'eth_getBlockByNumber') return block ? blockJson(block, full === true) : null
      if (method === 'eth_getBlockReceipts') return block ? receiptsOf(block) : null
      throw new AppError({ code: 'json-rpc/error', message: `no ${method}` })
    },
  }
}

function blockOf(chain: PlayedChain, which: string): PlayedBlock | undefined {
  if (which === 'latest') return chain.block(chain.height)
  if (which.startsWith('0x')) return chain.block(Number(which))
  throw new AppError({ code: 'json-rpc/error', message: `unknown tag ${which}` })
}

function blockJson(block: PlayedBlock, full: boolean): Json {
  const transactions = transactionsOf(block)
  return {
    ...{ number: quantity(block.number), hash: block.hash, parentHash: block.parentHash },
    ...{ timestamp: quantity(block.timeMs / 1_000), miner: vault, gasUsed: quantity(21_000) },
    ...{ gasLimit: quantity(30_000_000), baseFeePerGas: quantity(7), size: quantity(600) },
    ...{ stateRoot: block.hash, nonce: '0x0000000000000000' },
    transactions: full ? transactions : transactions.map(({ hash }) => hash as Json),
  }
}

function transactionsOf({ number, hash, payments }: PlayedBlock) {
  return payments.map(({ id, args }, at) => {
    const { from = null, amount = '0' } = args
    const isData = id % 2 === 1
    const content: Hex = `0x${Buffer.from(JSON.stringify({ amount })).toString('hex')}`
    const mediaType: Hex = `0x${Buffer.from('application/json').toString('hex')}`
    return {
      ...{ hash: transactionOf(id), blockNumber: quantity(number), blockHash: hash, from },
      ...{ transactionIndex: quantity(at), to: isData ? dataAddress : vault, type: '0x2' },
      ...{ value: quantity(BigInt(amount as string)), nonce: quantity(id), gas: quantity(90_000) },
      ...{ gasPrice: quantity(8), input: isData ? toRlp([mediaType, '0x', content]) : '0x' },
    }
  })
}

function receiptsOf(block: PlayedBlock): Json {
  return transactionsOf(block).map(({ hash: transactionHash, from, to, ...rest }) => {
    const { blockNumber, blockHash, transactionIndex } = rest
    const place = { transactionHash, blockNumber, blockHash, transactionIndex }
    const log = { ...place, address: vault, topics: [block.hash], data: '0x01' }
    return {
      ...{ ...place, from, to, status: '0x1', gasUsed: quantity(21_000), contractAddress: null },
      ...{ cumulativeGasUsed: quantity(21_000), effectiveGasPrice: quantity(8), logsBloom: '0x' },
      logs: [{ ...log, logIndex: transactionIndex }],
    }
  })
}

/** Lists what a chain's own data are made of, and their usual columns. */

import type { Column, ColumnType } from '../column.ts'

/** Kinds of records that a block holds. */
export const datasetNames = ['blocks', 'transactions', 'receipts', 'logs', 'injected'] as const
export type Dataset = (typeof datasetNames)[number]

type Columns = Readonly<Record<string, readonly [type: ColumnType, value: string, index?: true]>>

const place: Columns = {
  block_number: ['integer', '.blockNumber', true],
  block_hash: ['bytes', '.blockHash'],
  block_time: ['timestamp', '.blockTime'],
}

const inTransaction: Columns = {
  ...place,
  transaction_hash: ['bytes', '.transactionHash', true],
  transaction_index: ['integer', '.transactionIndex'],
}

const usual: Readonly<Record<Dataset, Columns>> = {
  blocks: {
    number: ['integer', '.blockNumber', true],
    hash: ['bytes', '.blockHash', true],
    time: ['timestamp', '.blockTime'],
    parent_hash: ['bytes', '.parentHash'],
    miner: ['bytes', '.miner'],
    gas_used: ['integer', '.gasUsed'],
    gas_limit: ['integer', '.gasLimit'],
    base_fee: ['integer', '.baseFeePerGas'],
    transactions: ['integer', '.transactionCount'],
    size: ['integer', '.size'],
    state_root: ['bytes', '.stateRoot'],
  },
  transactions: {
    ...inTransaction,
    sender: ['bytes', '.from', true],
    recipient: ['bytes', '.to', true],
    value: ['integer', '.value'],
    nonce: ['integer', '.nonce'],
    type: ['integer', '.type'],
    gas: ['integer', '.gas'],
    gas_price: ['integer', '.gasPrice'],
    max_fee: ['integer', '.maxFeePerGas'],
    max_priority_fee: ['integer', '.maxPriorityFeePerGas'],
    input: ['bytes', '.input'],
  },
  receipts: {
    ...inTransaction,
    sender: ['bytes', '.from', true],
    recipient: ['bytes', '.to', true],
    succeeded: ['boolean', '.succeeded'],
    gas_used: ['integer', '.gasUsed'],
    cumulative_gas_used: ['integer', '.cumulativeGasUsed'],
    effective_gas_price: ['integer', '.effectiveGasPrice'],
    contract: ['bytes', '.contractAddress', true],
    logs: ['integer', '.logCount'],
  },
  logs: {
    ...inTransaction,
    log_index: ['integer', '.logIndex'],
    address: ['bytes', '.address', true],
    topic0: ['bytes', '.topics[0]', true],
    topic1: ['bytes', '.topics[1]'],
    topic2: ['bytes', '.topics[2]'],
    topic3: ['bytes', '.topics[3]'],
    data: ['bytes', '.data'],
  },
  injected: {
    ...inTransaction,
    sender: ['bytes', '.sender', true],
    media_type: ['text', '.mediaType'],
    schema: ['bytes', '.schema'],
    size: ['integer', '.size'],
    content: ['bytes', '.content'],
  },
}

/** The columns of a dataset where a declaration names none. */
export function datasetColumns(dataset: Dataset): readonly Column[] {
  return Object.entries(usual[dataset]).map(([name, [type, value, index = false]]) => ({
    ...{ name, type, value, index, sum: false },
  }))
}

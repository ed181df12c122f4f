/** Holds a whole block against its own hash: header, transactions with their signers, and receipts with their places. */

import { getContractAddress } from 'viem'
import { AppError } from '../../base/app-error.ts'
import { type Hex, toBigInt } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import { type Fields, fieldsOf, integerOf, quantity } from './evm-answers.ts'
import { isBound } from './header-hash.ts'
import { orderedRoot } from './ordered-root.ts'
import { receiptsRoot } from './receipts-root.ts'
import { type TransactionBytes, transactionBytes } from './transaction-bytes.ts'

/** A block as an endpoint gave it. */
export interface GivenBlock {
  readonly number: number
  readonly hash: Hex
  readonly fields: Fields
  /** Whole ones, in their order. */
  readonly transactions: readonly Fields[]
  /** `undefined` where they were not asked for. */
  readonly receipts: readonly Fields[] | undefined
}

/** What a check has shown to be wrong. */
export function dishonest(what: string): AppError {
  const message = `the endpoint is not honest: ${what}`
  return new AppError({ code: 'stream/dishonest', message, retry: 'later' })
}

/**
 * Checks all that a block's hash says of what was given.
 *
 * @returns what has a form whose hash is not known, so that nothing can be said of it; `undefined` where all is proven
 * @throws AppError `stream/dishonest`, `stream/bad-answer`
 * @see Yellow Paper 4.4; EIP-2718
 */
export function checkBlock(block: GivenBlock): 'header' | 'transactions' | undefined {
  const { number, hash, fields, transactions, receipts } = block
  if (!isBound(fields, hash)) return 'header'
  if (receipts !== undefined && receiptsRoot(receipts) !== lower(fields.receiptsRoot)) {
    throw dishonest(`the receipts of block ${number} are not those of its header`)
  }
  const made = transactions.map(transactionBytes)
  if (made.some((one) => one === undefined)) return 'transactions'
  const known = made as readonly TransactionBytes[]
  if (orderedRoot(known.map(({ bytes }) => bytes)) !== lower(fields.transactionsRoot)) {
    throw dishonest(`the transactions of block ${number} are not those of its header`)
  }
  const proven = transactions.map((one, at) => {
    const { hash: of, signer } = known[at] as TransactionBytes
    const place = { ...placeOf(block, at), hash: of, from: signer() ?? null }
    mustBe(one, { ...place, ...priceOf(one, block, 'gasPrice') }, number)
    return place
  })
  if (receipts !== undefined) checkReceipts(block, proven)
  return undefined
}

interface ProvenPlace {
  readonly hash: Hex
  readonly from: Hex | null
}

/** What the root of receipts does not hold: whose they are, and where their logs are. */
function checkReceipts(block: GivenBlock, proven: readonly ProvenPlace[]): void {
  const { number, transactions, receipts = [] } = block
  if (receipts.length !== transactions.length) {
    throw dishonest(`block ${number} has another number of receipts than of transactions`)
  }
  let [used, logIndex] = [0n, 0]
  for (const [at, receipt] of receipts.entries()) {
    const transaction = transactions[at] as Fields
    const { hash: transactionHash, from } = proven[at] as ProvenPlace
    const place = { ...placeOf(block, at), transactionHash }
    const gasUsed = BigInt(receipt.cumulativeGasUsed as string) - used
    used += gasUsed
    const to = transaction.to ?? null
    const created = to === null && from !== null ? createdBy(from, transaction) : null
    const own = { from, to, contractAddress: created, gasUsed: `0x${gasUsed.toString(16)}` }
    const price = priceOf(transaction, block, 'effectiveGasPrice')
    mustBe(receipt, { ...place, ...own, ...price }, number)
    for (const log of receipt.logs as readonly Json[]) {
      mustBe(fieldsOf(log, method), { ...place, logIndex: quantity(logIndex) }, number)
      logIndex += 1
    }
  }
}

const method = 'eth_getBlockReceipts'

function placeOf({ number, hash }: GivenBlock, at: number) {
  return { blockHash: hash, blockNumber: quantity(number), transactionIndex: quantity(at) }
}

function createdBy(from: Hex, { nonce }: Fields): Hex {
  return getContractAddress({ from, nonce: BigInt(nonce as string) }).toLowerCase() as Hex
}

/** What a transaction pays for gas in its block (EIP-1559); it follows from what is proven. */
function priceOf(
  { type, gasPrice, maxFeePerGas, maxPriorityFeePerGas }: Fields,
  { fields }: GivenBlock,
  name: string,
): Fields {
  if (Number(type ?? 0) < 2) return name === 'gasPrice' ? {} : { [name]: gasPrice }
  // A header from before there was one is bound by its hash, too.
  const base = toBigInt(integerOf(fields.baseFeePerGas, 'eth_getBlockByNumber', 'baseFeePerGas'))
  const [fee, tip] = [BigInt(maxFeePerGas as string), BigInt(maxPriorityFeePerGas as string)]
  const paid = base + tip < fee ? base + tip : fee
  return { [name]: `0x${paid.toString(16)}` }
}

/** What is told must be what is proven; a member that is not told says nothing wrong. */
function mustBe(told: Fields, proven: Fields, number: number): void {
  for (const [name, value] of Object.entries(proven)) {
    const found = told[name]
    if (found === undefined || lower(found) === lower(value)) continue
    const message = `${name} in block ${number} is ${JSON.stringify(found)}, and ${JSON.stringify(value)} by what is proven`
    throw dishonest(message)
  }
}

function lower(value: Json | undefined): Json | undefined {
  return typeof value === 'string' ? value.toLowerCase() : value
}

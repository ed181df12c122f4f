/** Works with contracts for people and programs that ask by the API: calls, estimates, sends, deploys. */

import { keccak256, stringToHex } from 'viem'
import { AppError } from '../base/app-error.ts'
import type { Hex } from '../base/bytes.ts'
import type { Json, JsonRpcClient } from '../base/json-rpc.ts'
import type { Page, PageQuery } from '../base/page.ts'
import type { SqlStore } from '../store/sql.ts'
import type { ContractBook } from './contract-book.ts'
import { accountOf, type ContractCall, callOf, creationOf, fieldsOf } from './evm/contract-call.ts'
import { called } from './evm/contract-reading.ts'
import { blockRevert, rpcCall, toldRevert } from './evm/reverts.ts'
import { chosenSender, namedSender, type Senders } from './sender-choice.ts'
import type { LaneStatus, SentOutcome, SentState, SentTransaction } from './sent-transaction.ts'
import { type SignedStatement, statementOf } from './statement.ts'
import { findSentTransaction, listSentTransactions } from './transaction-sender.ts'

/** What a desk works with. */
export interface ContractDeskOptions extends Senders {
  readonly client: JsonRpcClient
  readonly sql: SqlStore
  readonly book: ContractBook
}

/** Contracts as the API offers them. */
export interface ContractDesk {
  readonly book: ContractBook
  /** `{contract, function, args?, from?, block?}`. @throws AppError `workflow/bad-input`, `workflow/call-reverted` */
  call(input: Json): Promise<Json>
  /** Gas of what `send` would send. @throws AppError `workflow/bad-input`, `workflow/call-reverted` */
  estimate(input: Json): Promise<bigint>
  /**
   * Sends `{contract, function, args?, from?, value?, gas?, confirmations?}`, or creates `{bytecode, args?, abi? | signature?,
   * name?, …}`, once for its id; a creation with a name is added to the book. What was reverted in its block has the reason
   * as its `problem`.
   *
   * @throws AppError `workflow/bad-input`, `workflow/call-reverted`, `workflow/no-signer`, what the sender throws
   */
  send(
    id: Hex,
    input: Json,
    signal: AbortSignal,
  ): Promise<SentOutcome & { readonly problem?: string }>
  /**
   * Signs `{message | typedData, from?}`, which takes no nonce.
   *
   * @throws AppError `workflow/bad-input`, `workflow/no-signer`, `workflow/not-signed`
   */
  sign(input: Json): Promise<SignedStatement>
  sent(id: Hex): Promise<SentTransaction | undefined>
  list(
    query: PageQuery & { readonly state?: SentState | undefined },
  ): Promise<Page<SentTransaction>>
  lanes(): readonly LaneStatus[]
}

/** The id of what is sent for a key that a program has chosen. */
export function sendingId(key: string): Hex {
  return keccak256(stringToHex(`desk:${key}`))
}

/** A desk over one chain. */
export function createContractDesk(options: ContractDeskOptions): ContractDesk {
  const { client, sql, sender, others = [], book } = options
  const callFor = async (input: Json): Promise<ContractCall> =>
    fieldsOf(input).bytecode === undefined ? callOf(input, book) : creationOf(input, book)
  const told = async <T>(call: ContractCall, work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      const fields = { ...call, from: call.from ?? sender?.address }
      throw await toldRevert(error, fields, { client, abis: call.abis })
    }
  }
  return {
    book,
    call: (input) => called({ client, book }, input),
    async estimate(input) {
      const call = await callFor(input)
      const fields = rpcCall({ ...call, from: call.from ?? sender?.address })
      return BigInt((await told(call, () => client.request('eth_estimateGas', [fields]))) as Hex)
    },
    async send(id, input, signal) {
      const asked = await callFor(input)
      const { abis } = asked
      const from = await chosenSender(options, { from: asked.from, idempotencyKey: id })
      const call = { ...asked, from: from.address }
      const { name, abi = [] } = fieldsOf(input)
      const outcome = await told(call, () => {
        const { to, data, value, gas, confirmations } = call
        return from.send({ idempotencyKey: id, to, data, value, gas, confirmations }, signal)
      })
      const { contractAddress: address, succeeded } = outcome
      if (!succeeded) {
        const { message: problem } = await blockRevert(outcome, call, { client, abis })
        return { ...outcome, problem }
      }
      if (typeof name === 'string' && address) await book.add({ name, address, abi })
      return outcome
    },
    async sign(input) {
      const { message, typedData, from } = fieldsOf(input)
      const statement = statementOf({ message, typedData })
      return namedSender(options, accountOf(from)).sign(statement)
    },
    sent: (id) => findSentTransaction(sql, id),
    list: (query) => listSentTransactions(sql, query),
    lanes: () => (sender ? [sender, ...others].map((one) => one.status()) : []),
  }
}

/** Asks contracts, and turns their answers into JSON. */

import { decodeFunctionResult } from 'viem'
import { AppError } from '../../base/app-error.ts'
import type { Hex } from '../../base/bytes.ts'
import type { Json, JsonRpcClient } from '../../base/json-rpc.ts'
import type { ContractBook } from '../contract-book.ts'
import { plainOf } from './abi-json.ts'
import { callOf, fieldsOf } from './contract-call.ts'
import { rpcCall, toldRevert } from './reverts.ts'

/** What is asked, and whose contracts. */
interface ContractReading {
  readonly client: JsonRpcClient
  readonly book: ContractBook
}

/**
 * Asks a contract: `{contract, function, args, from?, block?}`; integers are given as decimal text.
 *
 * @throws AppError `workflow/bad-input`, `workflow/call-reverted`, `workflow/bad-answer`
 */
export async function called({ client, book }: ContractReading, input: Json): Promise<Json> {
  const call = await callOf(input, book)
  const { from, block = 'latest' } = fieldsOf(input)
  const sender = typeof from === 'string' ? (from as Hex) : undefined
  try {
    const fields = rpcCall({ ...call, from: sender })
    const answer = (await client.request('eth_call', [fields, blockOf(block)])) as Hex
    if (call.abi === undefined) return answer
    return plainOf(decodeFunctionResult({ abi: [call.abi], data: answer }))
  } catch (error) {
    if (error instanceof AppError) {
      throw await toldRevert(error, { ...call, from: sender }, { client, abis: call.abis })
    }
    const reason = (error as Error).message.split('\n')[0]
    const message = `the answer of ${call.what} does not fit its signature: ${reason}`
    throw new AppError({ code: 'workflow/bad-answer', message, cause: error })
  }
}

function blockOf(block: Json): Json {
  if (typeof block === 'number' && Number.isSafeInteger(block)) return `0x${block.toString(16)}`
  if (typeof block === 'string' && /^\d{1,15}$/.test(block))
    return `0x${Number(block).toString(16)}`
  return block
}

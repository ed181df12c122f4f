/** Asks JSON-RPC in tests, and holds small contracts to ask about. */

import assert from 'node:assert/strict'
import { AppError } from '../../base/app-error.ts'
import type { Hex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { Rpc } from '../rpc.ts'
import { testAccounts } from './open-chain.ts'
import { openRpc } from './open-rpc.ts'

type Test = Parameters<typeof openRpc>[0]
/** A JSON object of an answer. */
export type Fields = Record<string, Json> & { logs: Record<string, Json>[]; transactions: Json[] }

/** Accounts with 10,000 ether. */
export const [alice, bob] = testAccounts.map(({ address }) => address) as [Hex, Hex]
/** An account that does not exist. */
export const nobody = '0x00000000000000000000000000000000000ff001'
/** Blocks come only when a test asks. */
const calm = { blockTimeMs: 3_600_000 }

/** JSON-RPC on a calm chain, and a way to ask it. */
export async function open(
  t: Test,
  options: Parameters<typeof openRpc>[1] = {},
  dependencies: Parameters<typeof openRpc>[2] = {},
) {
  const { rpc, chain } = await openRpc(t, { ...calm, ...options }, dependencies)
  const ask = async <T = Fields>(method: string, ...params: Json[]) =>
    (await rpc.call(method, params)) as T
  return { rpc, chain, ask }
}

/** The error that a call is refused with. */
export async function refused(rpc: Rpc, method: string, ...params: Json[]) {
  try {
    await rpc.call(method, params)
  } catch (error) {
    assert.ok(error instanceof AppError)
    return { code: error.data.code, message: error.message, data: error.data.data }
  }
  return assert.fail(`${method} was answered`)
}

/** Creation code of a contract that runs `runtime`. */
export function creation(runtime: string): Hex {
  const length = (runtime.length / 2).toString(16).padStart(4, '0')
  return `0x61${length}80600a3d393df3${runtime}`
}

/** Deploys code from the first account in a block of its own, and gives the address. */
export async function deploy(
  ask: Awaited<ReturnType<typeof open>>['ask'],
  code: Hex,
): Promise<Hex> {
  const hash = await ask<Hex>('eth_sendTransaction', { from: alice, data: code })
  await ask('evm_mine')
  return (await ask('eth_getTransactionReceipt', hash)).contractAddress as Hex
}

/** Logs 32 zero bytes with topic 7. */
export const logger = creation('600760205fa100')
/** `Error("no")`. */
export const complaint = `08c379a0${'20'.padStart(64, '0')}${'2'.padStart(64, '0')}${'6e6f'.padEnd(64, '0')}`
/** Reverts with the last 100 bytes of its code. */
export const complainer = creation(`6064600b5f3960645ffd${'00'}${complaint}`)
/** Gives back its slot 0. */
export const slotReader = creation('5f545f5260205ff3')

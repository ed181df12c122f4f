/** Meets a foreign chain: waits for its endpoint and asks the vault for its token. */

import { type Address, decodeFunctionResult, encodeFunctionData, type Hex } from 'viem'
import { depositVaultAbi } from '../abi/deposit-vault.gen.ts'
import { AppError } from '../base/app-error.ts'
import type { JsonRpcClient } from '../base/json-rpc.ts'
import type { Contracts } from './dev-contracts.ts'

/** Whose answer is waited for, and how waiting is told and ended. */
export interface WaitHooks {
  /** For people, without secrets. */
  readonly endpoint: string
  readonly signal: AbortSignal
  tell(line: string): void
}

/** What ends a start and tells of it, made whole. */
export function waitHooks(endpoint: string, { signal, tell }: Partial<WaitHooks>): WaitHooks {
  return { endpoint, signal: signal ?? new AbortController().signal, tell: tell ?? (() => {}) }
}

/**
 * Asks for the chain id until the endpoint answers.
 *
 * @returns the chain id, or `undefined` when the wait was ended
 * @throws AppError `node/no-chain` when something else answers there
 */
export async function foreignChainId(
  client: JsonRpcClient,
  hooks: WaitHooks,
): Promise<number | undefined> {
  const { endpoint } = hooks
  const id = await answered(hooks, () => client.request('eth_chainId')).catch((error: unknown) => {
    throw error instanceof AppError ? noChain(endpoint, error.message) : error
  })
  if (id === undefined) return undefined
  if (Number.isSafeInteger(Number(id)) && Number(id) > 0) return Number(id)
  throw noChain(endpoint, `its answer is ${JSON.stringify(id)?.slice(0, 80)}`)
}

/** Asks until there is an answer, told every five seconds; `undefined` when the wait was ended. */
async function answered<Answer>(
  { endpoint, signal, tell }: WaitHooks,
  ask: () => Promise<Answer>,
): Promise<Answer | undefined> {
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      return await ask()
    } catch (error) {
      if (!isPassing(error)) throw error
      if (attempt % 10 === 0) tell(`waiting for ${endpoint}: ${error.message.trim()}`)
    }
    await pause(500, signal)
  }
  return undefined
}

function isPassing(error: unknown): error is AppError {
  return error instanceof AppError && error.retry === 'later'
}

function noChain(endpoint: string, reason: string): AppError {
  const message = `${endpoint} does not tell its chain id: ${reason}`
  return new AppError({ code: 'node/no-chain', message })
}

/**
 * Asks for the vault's token until the endpoint answers.
 *
 * @returns `undefined` when the wait was ended
 * @throws AppError `node/not-a-vault`
 */
export async function contractsOf(
  client: JsonRpcClient,
  vault: Hex,
  hooks: WaitHooks,
): Promise<Contracts | undefined> {
  const abi = depositVaultAbi
  const data = encodeFunctionData({ abi, functionName: 'allocationToken' })
  try {
    const call = () => client.request('eth_call', [{ to: vault, data }, 'latest'])
    const answer = (await answered(hooks, call)) as Hex | undefined
    if (answer === undefined) return undefined
    const token = decodeFunctionResult({ abi, functionName: 'allocationToken', data: answer })
    return { depositVault: vault, allocationToken: (token as Address).toLowerCase() as Hex }
  } catch (cause) {
    const message = `CONTRACT_ADDRESS ${vault} is no deposit vault on this chain: it does not answer allocationToken()`
    throw new AppError({ code: 'node/not-a-vault', message, cause })
  }
}

/**
 * Asks whether the endpoint is a development node, which by default mines a block for each transaction and no other; one
 * that does not tell what it is is none.
 */
export async function isDevelopmentNode(client: JsonRpcClient, hooks: WaitHooks): Promise<boolean> {
  const version = await answered(hooks, () => client.request('web3_clientVersion')).catch(() => '')
  return /hardhat|anvil|ganache/i.test(String(version))
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const handle = setTimeout(resolve, ms)
    const end = () => {
      clearTimeout(handle)
      resolve()
    }
    signal.addEventListener('abort', end, { once: true })
  })
}

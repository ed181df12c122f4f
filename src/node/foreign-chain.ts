/** Meets a foreign chain: waits for its endpoint and asks the vault for its token. */

import { type Address, decodeFunctionResult, encodeFunctionData, type Hex } from 'viem'
import { depositVaultAbi } from '../abi/deposit-vault.gen.ts'
import { AppError } from '../base/app-error.ts'
import type { JsonRpcClient } from '../base/json-rpc.ts'
import type { Contracts } from './dev-contracts.ts'

/** How waiting is told and ended. */
export interface WaitHooks {
  readonly signal: AbortSignal
  tell(line: string): void
}

/**
 * Asks for the chain id until the endpoint answers; told every five seconds.
 *
 * @returns the chain id, or `undefined` when the wait was ended
 * @throws AppError `node/no-chain` when something else answers there
 */
export async function foreignChainId(
  client: JsonRpcClient,
  endpoint: string,
  { signal, tell }: WaitHooks,
): Promise<number | undefined> {
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      const id = await client.request('eth_chainId')
      if (Number.isSafeInteger(Number(id)) && Number(id) > 0) return Number(id)
      throw noChain(endpoint, `its answer is ${JSON.stringify(id)?.slice(0, 80)}`)
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'node/no-chain') throw error
      if (error.retry !== 'later') throw noChain(endpoint, error.message)
      if (attempt % 10 === 0) tell(`waiting for ${endpoint}: ${error.message.trim()}`)
    }
    await pause(500, signal)
  }
  return undefined
}

function noChain(endpoint: string, reason: string): AppError {
  const message = `${endpoint} does not tell its chain id: ${reason}`
  return new AppError({ code: 'node/no-chain', message })
}

/**
 * The vault's token.
 *
 * @throws AppError `node/not-a-vault`, `json-rpc/unreachable`
 */
export async function contractsOf(client: JsonRpcClient, vault: Hex): Promise<Contracts> {
  const abi = depositVaultAbi
  const data = encodeFunctionData({ abi, functionName: 'allocationToken' })
  try {
    const answer = (await client.request('eth_call', [{ to: vault, data }, 'latest'])) as Hex
    const token = decodeFunctionResult({ abi, functionName: 'allocationToken', data: answer })
    return { depositVault: vault, allocationToken: (token as Address).toLowerCase() as Hex }
  } catch (cause) {
    if (cause instanceof AppError && cause.code === 'json-rpc/unreachable') throw cause
    const message = `CONTRACT_ADDRESS ${vault} is no deposit vault on this chain: it does not answer allocationToken()`
    throw new AppError({ code: 'node/not-a-vault', message, cause })
  }
}

/** Whether the endpoint is a development node, which by default mines a block for each transaction and no other. */
export async function isDevelopmentNode(client: JsonRpcClient): Promise<boolean> {
  const version = await client.request('web3_clientVersion').catch(() => '')
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

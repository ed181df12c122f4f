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
 */
export async function foreignChainId(
  client: JsonRpcClient,
  endpoint: string,
  { signal, tell }: WaitHooks,
): Promise<number | undefined> {
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      return Number(await client.request('eth_chainId'))
    } catch (error) {
      const retry = error instanceof AppError && error.retry === 'later'
      if (!retry) throw error
      if (attempt % 10 === 0) tell(`waiting for ${endpoint}: ${error.message}`)
    }
    await pause(500, signal)
  }
  return undefined
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

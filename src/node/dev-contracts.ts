/** Deploys our contracts on a development chain, once, from the platform's own account. */

import {
  type Abi,
  type Address,
  encodeDeployData,
  encodeFunctionData,
  getContractAddress,
  type Hex,
  keccak256,
  stringToHex,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { allocationTokenAbi, allocationTokenCreationCode } from '../abi/allocation-token.gen.ts'
import { depositVaultAbi, depositVaultCreationCode } from '../abi/deposit-vault.gen.ts'
import { streamAnchorAbi, streamAnchorCreationCode } from '../abi/stream-anchor.gen.ts'
import { AppError } from '../base/app-error.ts'
import { toHex } from '../base/bytes.ts'
import type { JsonRpcClient } from '../base/json-rpc.ts'
import type { DevAccount } from './dev-accounts.ts'

/** Where our contracts are. */
export interface Contracts {
  readonly depositVault: Hex
  readonly allocationToken: Hex
  readonly streamAnchor?: Hex
}

/** Gas that is enough for each of the transactions. */
const gas = 4_000_000n
/** Blocks that are sealed for one transaction before it is given up. */
const mostBlocks = 10

/**
 * The contracts lie at the addresses that the account's first three nonces give. Those that a start before has
 * deployed are left alone, so a start cut off half way goes on where it was. Blocks are sealed at once: a start does
 * not take as long as the chain's block time.
 *
 * @throws AppError `node/contracts-not-deployed`
 */
export async function deployDevContracts(
  client: JsonRpcClient,
  platform: DevAccount,
  chainId: number,
): Promise<Contracts> {
  const from = platform.address
  const at = (nonce: bigint) => getContractAddress({ from, nonce }).toLowerCase() as Hex
  const contracts = { allocationToken: at(0n), depositVault: at(1n), streamAnchor: at(2n) }
  const steps = plan(contracts, from)
  const done = Number(await client.request('eth_getTransactionCount', [from, 'latest']))
  if (done >= steps.length) return contracts

  const account = privateKeyToAccount(toHex(platform.key))
  const hashes: Hex[] = []
  for (const [nonce, step] of steps.entries()) {
    if (nonce < done) continue
    const raw = await account.signTransaction({
      ...{ ...step, type: 'eip1559', chainId, nonce, gas },
      ...{ maxFeePerGas: 100_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n },
    })
    hashes.push((await client.request('eth_sendRawTransaction', [raw])) as Hex)
  }
  for (const hash of hashes) await succeeded(client, hash)
  return contracts
}

function plan(contracts: Contracts, admin: Address): readonly { to?: Address; data: Hex }[] {
  const { allocationToken, depositVault } = contracts
  const deploy = (abi: Abi, bytecode: Hex, args: readonly unknown[]) => ({
    data: encodeDeployData({ abi, bytecode, args }),
  })
  const grant = (to: Address, role: string) => ({
    to,
    data: encodeFunctionData({
      ...{ abi: allocationTokenAbi, functionName: 'grantRole' },
      args: [keccak256(stringToHex(role)), admin],
    }),
  })
  return [
    deploy(allocationTokenAbi, allocationTokenCreationCode, [admin]),
    deploy(depositVaultAbi, depositVaultCreationCode, [allocationToken, admin]),
    deploy(streamAnchorAbi, streamAnchorCreationCode, []),
    grant(allocationToken, 'ALLOCATOR_ROLE'),
    grant(depositVault, 'REFUNDER_ROLE'),
  ]
}

async function succeeded(client: JsonRpcClient, hash: Hex): Promise<void> {
  for (let sealed = 0; ; sealed += 1) {
    const receipt = (await client.request('eth_getTransactionReceipt', [hash])) as {
      readonly status: string
    } | null
    if (receipt?.status === '0x1') return
    if (receipt !== null || sealed === mostBlocks) {
      const what = receipt === null ? `was not mined in ${mostBlocks} blocks` : 'was reverted'
      const message = `the development contracts were not deployed: transaction ${hash} ${what}`
      throw new AppError({ code: 'node/contracts-not-deployed', message })
    }
    await client.request('evm_mine')
  }
}

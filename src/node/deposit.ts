/** Makes deposits into the vault of a development chain, and reads what they brought. */

import { decodeFunctionResult, encodeFunctionData, type Hex, stringToHex, toHex } from 'viem'
import { allocationTokenAbi } from '../abi/allocation-token.gen.ts'
import { depositVaultAbi } from '../abi/deposit-vault.gen.ts'
import type { JsonRpcClient } from '../base/json-rpc.ts'
import type { Contracts } from './dev-contracts.ts'

/** Where to deposit, and who does. */
export interface DepositPlace {
  readonly client: JsonRpcClient
  readonly contracts: Partial<Contracts>
  /** Accounts that the node signs for. */
  readonly accounts: readonly Hex[]
}

const amountWei = 10n ** 18n

/** The depositor is the second account: the first is left to people's own tests. */
const depositorOf = ({ accounts }: DepositPlace) => accounts[1] as Hex

/** Deposits one ether with a memo of at most 32 bytes, and gives the transaction's hash. */
export async function depositOnce(
  place: DepositPlace,
  memo: string,
): Promise<{ readonly hash: Hex; readonly account: Hex; readonly amountWei: bigint }> {
  const account = depositorOf(place)
  const data = encodeFunctionData({
    ...{ abi: depositVaultAbi, functionName: 'deposit' },
    args: [stringToHex(memo, { size: 32 })],
  })
  const to = place.contracts.depositVault as Hex
  const transaction = { from: account, to, value: toHex(amountWei), data }
  const hash = (await place.client.request('eth_sendTransaction', [transaction])) as Hex
  return { hash, account, amountWei }
}

/** Allocated tokens of the depositor, in units of 10^-18. */
export async function tokensOf(place: DepositPlace): Promise<bigint> {
  const abi = allocationTokenAbi
  const args = [depositorOf(place)] as const
  const data = encodeFunctionData({ abi, functionName: 'balanceOf', args })
  const to = place.contracts.allocationToken as Hex
  const answer = (await place.client.request('eth_call', [{ to, data }, 'latest'])) as Hex
  return decodeFunctionResult({ abi, functionName: 'balanceOf', data: answer })
}

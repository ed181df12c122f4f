/** Gives the contract tests a simulated chain of Hardhat's, with viem to talk to it. */

import assert from 'node:assert/strict'
import { network } from 'hardhat'
import {
  type Abi,
  type Address,
  BaseError,
  ContractFunctionRevertedError,
  createPublicClient,
  createWalletClient,
  custom,
  type Hex,
} from 'viem'
import { hardhat } from 'viem/chains'

interface Code {
  readonly abi: Abi
  readonly bytecode: Hex
}

/** Starts a chain; `close` ends it. */
export async function simulatedChain() {
  const connection = await network.create()
  const transport = custom(connection.provider, { retryCount: 0 })
  const reader = createPublicClient({ chain: hardhat, transport, pollingInterval: 10 })
  const accounts = (await connection.provider.request({ method: 'eth_accounts' })) as Address[]
  const [admin, worker, alice, bob] = accounts
  assert.ok(admin && worker && alice && bob)
  const walletOf = (account: Address) => createWalletClient({ account, chain: hardhat, transport })

  async function mined(hash: Hex) {
    const receipt = await reader.waitForTransactionReceipt({ hash })
    assert.equal(receipt.status, 'success')
    return receipt
  }

  return {
    ...{ reader, accounts, admin, worker, alice, bob, provider: connection.provider },
    close: () => connection.close(),
    async deploy({ abi, bytecode }: Code, ...args: readonly unknown[]): Promise<Address> {
      const hash = await walletOf(admin).deployContract({ abi, bytecode, args })
      const { contractAddress } = await mined(hash)
      assert.ok(contractAddress)
      return contractAddress
    },
    /** Calls a function that changes something, from an account, with wei. */
    async write(from: Address, contract: { address: Address; abi: Abi }, call: Call) {
      const { functionName, args = [], value = 0n } = call
      const { request } = await reader.simulateContract({
        ...{ ...contract, functionName, args, value, account: from },
      })
      return mined(await walletOf(from).writeContract(request))
    },
  }
}

/** A call of a function. */
export interface Call {
  readonly functionName: string
  readonly args?: readonly unknown[]
  readonly value?: bigint
}

/** Checks that a call reverts with a custom error of this name. */
export async function reverts(call: Promise<unknown>, errorName: string): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof BaseError, String(error))
    const reverted = error.walk((one) => one instanceof ContractFunctionRevertedError)
    assert.ok(reverted instanceof ContractFunctionRevertedError, String(error))
    assert.equal(reverted.data?.errorName, errorName)
    return true
  })
}

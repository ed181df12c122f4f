/** Gives the tests of consensus contracts a simulated chain on which a contract stands as a genesis would have it. */

import { type Abi, type Address, bytesToHex, type Hex, hexToBytes, toHex } from 'viem'
import { committeeAbi } from '../../src/abi/committee.gen.ts'
import { delegatesAbi } from '../../src/abi/delegates.gen.ts'
import { stakingAbi } from '../../src/abi/staking.gen.ts'
import { validatorRegistryAbi } from '../../src/abi/validator-registry.gen.ts'
import type { ContractKind } from '../../src/chain/consensus/contract-layout.ts'
import { type ContractBirths, genesisContract } from '../../src/chain/consensus/genesis-contract.ts'
import { keyAddress, type SignatureScheme, schemeFacts } from '../../src/crypto/signatures.ts'
import { type Call, simulatedChain } from './simulated-chain.ts'

/** Who calls for the protocol. */
export const system: Address = '0xfffffffffffffffffffffffffffffffffffffffe'

/** An ether. */
export const ether = 10n ** 18n

const abis = {
  registry: validatorRegistryAbi,
  committee: committeeAbi,
  staking: stakingAbi,
  delegates: delegatesAbi,
} as const

/** Bytes that stand for a key; contracts look at its length only. */
export function keyOf(number: number, scheme: SignatureScheme = 'ed25519') {
  const publicKey = new Uint8Array(schemeFacts[scheme].publicKeyBytes).fill(7)
  new DataView(publicKey.buffer).setUint32(1, number)
  return { scheme, publicKey, validator: bytesToHex(keyAddress({ scheme, publicKey })) }
}

/** A key with a proof of the right length, as contracts take it. */
export function provenKey({ scheme, publicKey }: ReturnType<typeof keyOf>) {
  const proof = new Uint8Array(schemeFacts[scheme].signatureBytes).fill(9)
  const { byte } = schemeFacts[scheme]
  return { scheme: byte, publicKey: bytesToHex(publicKey), proof: bytesToHex(proof) }
}

/** An address as bytes. */
export function addressBytes(address: Address): Uint8Array {
  return hexToBytes(address)
}

/** Starts a chain with one contract on it. */
export async function bornContract<K extends ContractKind>(
  kind: K,
  parameters: ContractBirths[K]['parameters'],
  founders: (accounts: readonly Address[]) => readonly ContractBirths[K]['founder'][],
) {
  const chain = await simulatedChain()
  const { provider, reader, accounts } = chain
  const born = genesisContract(kind, parameters, founders(accounts))
  const address = bytesToHex(born.address)
  const request = (method: string, ...params: unknown[]) => provider.request({ method, params })
  const setBalance = (of: Address, wei: bigint) => request('hardhat_setBalance', of, toHex(wei))
  await request('hardhat_setCode', address, bytesToHex(born.code))
  await setBalance(address, born.balance)
  for (const [slot, value] of born.storage) {
    await request('hardhat_setStorageAt', address, toHex(slot), toHex(value, { size: 32 }))
  }
  await setBalance(system, 10n ** 24n)
  await request('hardhat_impersonateAccount', system)
  const contract = { address, abi: abis[kind] as Abi }
  const balance = () => reader.getBalance({ address })
  return {
    ...{ ...chain, born, contract, balance, setBalance },
    write: (from: Address, functionName: string, args: readonly unknown[], value = 0n) =>
      chain.write(from, contract, { functionName, args, value }),
    writeTo: (other: { address: Address; abi: Abi }, call: Call) =>
      chain.write(chain.admin, other, call),
    bySystem: (functionName: string, ...args: readonly unknown[]) =>
      chain.write(system, contract, { functionName, args }),
    read: <T>(functionName: string, ...args: readonly unknown[]) =>
      reader.readContract({ ...contract, functionName, args }) as Promise<T>,
    /** Gas of a call by the protocol, without what every transaction costs. */
    systemGas: async ({ functionName, args = [] }: Call) => {
      const gas = await reader.estimateContractGas({
        ...{ ...contract, functionName, args, account: system },
      })
      return gas - 21_000n
    },
    /** Ether comes in as a withdrawal brings it: no code runs. */
    credit: async (wei: bigint) => setBalance(address, (await balance()) + wei),
    /** Lets blocks and seconds go by. */
    wait: async (seconds: number, blocks = 1) => {
      await request('evm_increaseTime', seconds)
      await request('hardhat_mine', toHex(blocks), toHex(0))
    },
    slotOf: (slot: Hex) => reader.getStorageAt({ address, slot }),
  }
}

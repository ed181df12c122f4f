/** Has the governor of a chain change its set of validators by transactions. */

import { encodeFunctionData, type Hex } from 'viem'
import { delegatesAbi } from '../../../src/abi/delegates.gen.ts'
import { stakingAbi } from '../../../src/abi/staking.gen.ts'
import { validatorRegistryAbi } from '../../../src/abi/validator-registry.gen.ts'
import { fromHex, toHex } from '../../../src/base/bytes.ts'
import { contractAddresses } from '../../../src/chain/consensus/contract-layout.ts'
import type { ValidatorSet } from '../../../src/chain/consensus/messages.ts'
import { possessionBytes } from '../../../src/chain/consensus/possession.ts'
import type { Address } from '../../../src/chain/ledger/transaction.ts'
import { encodeTransaction, signTransaction } from '../../../src/chain/ledger/transaction-codec.ts'
import { schemeFacts } from '../../../src/crypto/signatures.ts'
import { ether, governor, governorKey, stakeOfOne } from './chain-ground.ts'
import type { ChainWorld } from './chain-world.ts'
import type { SetChange } from './set-changes.ts'

/** Time from one try of the governor to the next. */
const tryMs = 400

/** A call of the governor. */
interface Call {
  readonly to: Address
  readonly data: Hex
  readonly valueWei: bigint
}

/** Sends one change after the other, to anybody who is up, until it is in a block. */
export function startGovernor(world: ChainWorld): void {
  const { plan, ground, machines } = world
  const calls = plan.changes.flatMap((change) => callsOf(world, change))
  if (calls.length === 0) return
  const chance = world.chance('changes')
  const act = () => {
    const { chain } = chance.pick(machines)
    const nonce = chain?.stateAt(chain.head().hash)?.account(governor)?.nonce ?? 0n
    const call = calls[Number(nonce)]
    if (chain && call) {
      const { to, data, valueWei: value } = call
      const unsigned = {
        ...({ type: 2, chainId: ground.manifest.chainId, nonce, to, value } as const),
        ...{ gasLimit: 4_000_000n, data: fromHex(data), accessList: [] },
        ...{ maxFeePerGas: 10n ** 10n, maxPriorityFeePerGas: 1n },
      }
      // Whoever has it already, or has its disk broken, refuses it.
      chain.submit(encodeTransaction(signTransaction(unsigned, governorKey))).catch(() => {})
    }
    world.after(tryMs, act)
  }
  world.after(chance.below(plan.calmFromMs), act)
}

type Member = ValidatorSet['list'][number]

const call = (to: Address, data: Hex, valueWei = 0n): Call => ({ to, data, valueWei })

function callsOf(world: ChainWorld, change: SetChange): readonly Call[] {
  const { engine } = world.plan
  const member = world.ground.members[change.validator]
  if (member === undefined) return []
  if (engine === 'pos') return [stakeCall(world, change, member)]
  if (engine === 'dpos') return delegateCalls(world, change, member)
  return [
    registryCall(contractAddresses[engine === 'bft' ? 'registry' : 'committee'], change, member),
  ]
}

/** Registry and committee have the same functions. */
function registryCall(to: Address, { kind, weight }: SetChange, member: Member): Call {
  const abi = validatorRegistryAbi
  const [address, pays] = [toHex(member.address), toHex(member.payTo)]
  if (kind === 'leave') {
    return call(to, encodeFunctionData({ abi, functionName: 'remove', args: [address] }))
  }
  if (kind === 'weight') {
    const args = [address, BigInt(weight)] as const
    return call(to, encodeFunctionData({ abi, functionName: 'setWeight', args }))
  }
  const key = [schemeFacts[member.scheme].byte, toHex(member.publicKey)] as const
  const args = [pays, ...key, BigInt(weight), pays] as const
  return call(to, encodeFunctionData({ abi, functionName: 'add', args }))
}

function stakeCall(
  world: ChainWorld,
  { kind, validator, weight }: SetChange,
  member: Member,
): Call {
  const [abi, to] = [stakingAbi, contractAddresses.staking]
  const [address, pays] = [toHex(member.address), toHex(member.payTo)]
  if (kind === 'leave') {
    return call(to, encodeFunctionData({ abi, functionName: 'requestExit', args: [address] }))
  }
  if (kind === 'weight') {
    return call(to, encodeFunctionData({ abi, functionName: 'addStake', args: [address] }), ether)
  }
  const commitment = toHex(world.ground.commitments[validator] ?? new Uint8Array(32))
  const args = [provenKey(world, member), pays, commitment, 1_000] as const
  const data = encodeFunctionData({ abi, functionName: 'deposit', args })
  return call(to, data, BigInt(weight) * stakeOfOne)
}

function delegateCalls(world: ChainWorld, { kind }: SetChange, member: Member): readonly Call[] {
  const [abi, to] = [delegatesAbi, contractAddresses.delegates]
  const [address, pays] = [toHex(member.address), toHex(member.payTo)]
  const votes = encodeFunctionData({ abi, functionName: 'vote', args: [address] })
  const vote = call(to, votes, 300n * ether)
  if (kind === 'weight') return [vote]
  const name = toHex(new TextEncoder().encode('a delegate that comes later'.padEnd(32)))
  const args = [name, provenKey(world, member), pays, 1_000] as const
  return [
    call(to, encodeFunctionData({ abi, functionName: 'registerDelegate', args }), ether),
    vote,
  ]
}

/** A key, and that its owner has it. */
function provenKey(world: ChainWorld, member: Member) {
  const { sign } = world.ground.keyOf(member, () => world.salt())
  return {
    ...{ scheme: schemeFacts[member.scheme].byte, publicKey: toHex(member.publicKey) },
    proof: toHex(sign(possessionBytes(world.ground.key, governor))),
  }
}

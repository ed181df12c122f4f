/** Compares calls of the protocol with what another encoder makes of the contracts' interfaces. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Abi, encodeFunctionData } from 'viem'
import { delegatesAbi } from '../../abi/delegates.gen.ts'
import { stakingAbi } from '../../abi/staking.gen.ts'
import { validatorRegistryAbi } from '../../abi/validator-registry.gen.ts'
import { toHex } from '../../base/bytes.ts'
import {
  admitCall,
  closeEpochCall,
  expelCall,
  rewardCall,
  type SystemCall,
  slashCall,
} from './system-calls.ts'

const address = fc.uint8Array({ minLength: 20, maxLength: 20 })
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
const u64 = fc.bigInt(0n, 2n ** 64n - 1n)
const u256 = fc.bigInt(0n, 2n ** 256n - 1n)

/** What viem makes of it, and the contract that it is for. */
function same(
  call: SystemCall,
  place: number,
  [abi, functionName, args]: readonly [Abi, string, unknown[]],
) {
  assert.equal(call.to.at(-1), place)
  assert.equal(toHex(call.data), encodeFunctionData({ abi, functionName, args }))
}

test('every call is encoded as the contract reads it', () => {
  const reward = fc.record({ validator: address, wei: u256 })
  fc.assert(
    fc.property(
      address,
      address,
      u64,
      fc.array(reward, { maxLength: 5 }),
      (validator, reporter, height, rewards) => {
        const [key, to] = [toHex(validator), toHex(reporter)]
        const vote = { validator, reporter, height, kind: 'double-vote' } as const
        const proposal = { ...vote, kind: 'double-proposal' } as const
        const governed = [key, 1, height]
        same(slashCall('registry', vote), 1, [validatorRegistryAbi, 'slash', governed])
        same(slashCall('committee', vote), 4, [validatorRegistryAbi, 'slash', governed])
        const staked = [key, 2, height, to]
        same(slashCall('staking', proposal), 2, [stakingAbi, 'slash', staked])
        same(slashCall('delegates', proposal), 3, [delegatesAbi, 'slash', staked])
        same(expelCall('delegates', validator), 3, [delegatesAbi, 'expel', [key]])
        const lists = [rewards.map((one) => toHex(one.validator)), rewards.map(({ wei }) => wei)]
        same(rewardCall('staking', rewards), 2, [stakingAbi, 'reward', lists])
      },
    ),
  )
  fc.assert(
    fc.property(
      u256,
      u64,
      hash,
      fc.array(address, { maxLength: 5 }),
      (good, epoch, setHash, members) => {
        same(admitCall('staking', good), 2, [stakingAbi, 'admit', [good]])
        const closed = { epoch, setHash, totalWeight: epoch, members }
        const args = [epoch, toHex(setHash), epoch, members.map((one) => toHex(one))]
        same(closeEpochCall('staking', closed), 2, [stakingAbi, 'closeEpoch', args])
      },
    ),
  )
})

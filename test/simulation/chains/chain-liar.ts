/** Gives a liar what it needs to lie to whole chains: it knows the blocks that were proposed, and makes others of them. */

import { equalBytes } from '../../../src/base/bytes.ts'
import type { ConsensusMessage } from '../../../src/chain/consensus/messages.ts'
import { partsOf } from '../../../src/chain/consensus/parts.ts'
import { decodeRecord, encodeRecord, recordHash } from '../../../src/chain/consensus/record.ts'
import {
  decodeTravellingBlock,
  encodeTravellingBlock,
} from '../../../src/chain/consensus/travelling-block.ts'
import { headerHash } from '../../../src/chain/ledger/block-codec.ts'
import type { LiarPlace } from '../liar.ts'
import { checkpointEvery } from './chain-ground.ts'
import type { ChainWorld } from './chain-world.ts'
import { votesOf } from './engine-watch.ts'

/** A block as it was proposed. */
interface HeardBlock {
  readonly height: bigint
  readonly round: number
  readonly value: Uint8Array
  readonly bytes: Uint8Array
}

/** Blocks that are remembered; the last ones. */
const mostBlocks = 64

/** The place of the liar of a run. */
export function liarOf(world: ChainWorld): LiarPlace {
  const { plan } = world
  const chance = world.chance('byzantine')
  const blocks: HeardBlock[] = []
  const whole = (bytes: Uint8Array, value: Uint8Array) => ({
    ...{ bytes, value, partsRoot: partsOf(bytes).root },
  })
  const keep = (message: ConsensusMessage) => {
    if (message.kind !== 'proposal' || message.block === undefined) return
    const { height, round, value } = message.proposal
    if (blocks.some((one) => equalBytes(one.value, value))) return
    blocks.push({ height, round, value, bytes: message.block })
    if (blocks.length > mostBlocks) blocks.shift()
  }
  return {
    liarsAt: (height) =>
      plan.liars.map((one) => world.placeAt(one, height)).filter((place) => place >= 0),
    ...{
      instance: plan.engine === 'hybrid' ? 1 : 0,
      plan,
      chance,
      checkAt: (height) => world.checkAt(height),
      salt: () => world.salt(),
    },
    targets: () =>
      world.machines.map(({ id, engineState }) => {
        const core = votesOf(engineState)?.core
        return { id, height: core?.height ?? 1n, round: core?.round ?? 0 }
      }),
    hear: (ear) => {
      world.hears = (message) => {
        keep(message)
        ear(message)
      }
    },
    after: (ms, run) => world.after(ms, run),
    proposerOf(height, round) {
      const found = world.machines
        .map(({ engineState }) => votesOf(engineState))
        .find((votes) => votes?.core.height === height)
      return found?.proposerOf(round)
    },
    voted: (vote) => world.observer.voted(vote),
    newBlock(height, round, isValid) {
      if (plan.engine === 'hybrid') return checkpointOf(world, isValid)
      const known = blocks.filter((one) => one.height === height)
      const model = known.find((one) => one.round === round) ?? known.at(-1)
      if (model === undefined) return undefined
      const { bytes, value } = otherBlock(model.bytes, {
        round,
        isValid,
        by: chance.below(998) + 1,
      })
      return whole(bytes, value)
    },
    blockOf(value) {
      const known = blocks.find((one) => equalBytes(one.value, value))
      return known && whole(known.bytes, known.value)
    },
    send: (to, message) => {
      if (message.kind !== 'sync') world.lie(to, message)
    },
  }
}

/** A block that somebody has and that may be final, or one that may not. */
function checkpointOf(world: ChainWorld, isValid: boolean) {
  const chance = world.chance('byzantine')
  const { chain, height } = chance.pick(world.machines)
  const below = height - BigInt(chance.below(2 * checkpointEvery))
  const number = isValid ? below - (below % BigInt(checkpointEvery)) : below
  const value = chain?.blockHash(number)
  return value && { value, bytes: new Uint8Array(), partsRoot: new Uint8Array(32) }
}

/** A block that is made a little later than another one; of another round it is none. */
function otherBlock(
  bytes: Uint8Array,
  {
    round,
    isValid,
    by,
  }: { readonly round: number; readonly isValid: boolean; readonly by: number },
): { readonly bytes: Uint8Array; readonly value: Uint8Array } {
  const { block, parentProof } = decodeTravellingBlock(bytes)
  const before = decodeRecord(block.record ?? new Uint8Array())
  const record = encodeRecord({ ...before, round, timeMs: (before.timeMs + by) % 1_000 })
  const stateRoot = isValid ? block.header.stateRoot : recordHash(record)
  const header = { ...block.header, extraData: recordHash(record), stateRoot }
  const other = { ...block, header, record, hash: headerHash(header) }
  return { bytes: encodeTravellingBlock({ block: other, parentProof }), value: other.hash }
}

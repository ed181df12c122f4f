/** Builds the block that would come next, for questions about `pending`. */

import type { Clock } from '../../base/clock.ts'
import { type BuiltBlock, buildBlock } from '../../chain/block-building.ts'
import type { Chain, ChainEvent } from '../../chain/chain.ts'
import type { HeaderDraft } from '../../chain/consensus/consensus.ts'
import type { Header } from '../../chain/ledger/block.ts'
import { serverError } from '../envelope/rpc-error.ts'
import type { RpcLimits } from '../limits.ts'

/** The block of the pool's transactions on top of the head. */
export interface Pending {
  /** Built when it is first asked for, and again only after the chain or its pool has changed. */
  block(): Promise<BuiltBlock>
  /** Tells it what the chain did. */
  hear(event: ChainEvent): void
}

/** Nothing is built until somebody asks. */
export function createPending(chain: Chain, limits: RpcLimits, clock: Clock): Pending {
  let built: Promise<BuiltBlock> | undefined
  return {
    block() {
      if (built) return built
      const building = build(chain, clock, limits.pendingBuildMs)
      built = building
      building.catch(() => {
        if (built === building) built = undefined
      })
      return building
    },
    hear() {
      built = undefined
    },
  }
}

async function build(chain: Chain, clock: Clock, timeMs: number): Promise<BuiltBlock> {
  const { header: parent, hash } = chain.head()
  const state = chain.stateAt(hash)
  if (!state) throw serverError('pending state is not available')
  const draft = chain.draft() ?? after(parent)
  const startMs = clock.nowMs()
  const site = {
    ...{ evm: chain.evm, rules: chain.rules, parent, state, isAside: true },
    ...{ blockHash: (number: bigint) => chain.blockHash(number), close: chain.closing() },
  }
  return buildBlock(site, {
    draft,
    pool: chain.pool,
    isLate: () => clock.nowMs() - startMs > timeMs,
  })
}

/** On a chain that is only followed, nobody here decides what comes next: a block like the last one, a bit later. */
function after(parent: Header): HeaderDraft {
  const { beneficiary, mixHash, extraData, difficulty, nonce, parentBeaconBlockRoot } = parent
  const kept = { beneficiary, mixHash, extraData, difficulty, nonce, parentBeaconBlockRoot }
  return { ...kept, timestamp: parent.timestamp + 1n }
}

/** Moves a development chain by hand: seals now, changes time and state, goes back. */

import type { BlockWaiters } from './block-waiters.ts'
import type { DevControls } from './chain.ts'
import type { ChainParts } from './chain-parts.ts'
import { mustHaveRoomForChange } from './chain-refusals.ts'
import type { Input } from './consensus/consensus.ts'
import type { Block } from './ledger/block.ts'
import type { Hash } from './ledger/transaction.ts'
import type { StateOverlay } from './state/state.ts'
import { createOverlay } from './state/state-overlay.ts'
import type { TransactionIntake } from './transaction-intake.ts'
import type { WayBack } from './way-back.ts'

/** The chain that is moved. */
export interface MovedChain {
  readonly parts: () => Pick<ChainParts, 'past' | 'log' | 'dependencies'>
  readonly intake: () => TransactionIntake
  readonly wayBack: () => WayBack
  readonly waiters: () => BlockWaiters
  readonly head: () => Block
  /** Of the block that would come next, in seconds. */
  readonly nextTime: () => bigint | undefined
  readonly isAutomine: () => boolean
  /** @throws AppError when the disk failed; `mustRun` also when the chain is stopped */
  readonly mustWork: () => void
  readonly mustRun: () => void
  /** Tells the engine of transactions. */
  readonly tellOfWork: () => void
  /** Waits for the block of a transaction where each gets one. */
  readonly sealedAtOnce: (hash: Hash) => Promise<void>
  readonly feed: (input: Input) => void
  /** Does work on the chain when it is its turn. */
  readonly exclusive: <T>(work: () => Promise<T>) => Promise<T>
  /** The state after the head is another one. */
  readonly changed: () => void
}

/** The controls of a chain. */
export function devControls(chain: MovedChain): DevControls {
  const nowMs = () => chain.parts().dependencies.clock.nowMs()
  const setTime = (timestamp: bigint | undefined) => {
    if (timestamp !== undefined) chain.feed({ kind: 'set-time', timestamp, nowMs: nowMs() })
  }
  return {
    async sealNow() {
      chain.mustRun()
      const sealed = chain.waiters().next()
      chain.feed({ kind: 'seal-now', nowMs: nowMs() })
      await sealed
      return chain.head()
    },
    setBlockTimeMs: (blockTimeMs) =>
      chain.feed({ kind: 'set-block-time', blockTimeMs, nowMs: nowMs() }),
    setAutomine(on) {
      chain.feed({ kind: 'set-automine', on })
      chain.tellOfWork()
    },
    isAutomine: () => chain.isAutomine(),
    increaseTime: (seconds) => chain.feed({ kind: 'shift-time', seconds, nowMs: nowMs() }),
    shapeNext: (shape) => chain.feed({ kind: 'shape-next', shape }),
    async submitAs(unsigned, sender) {
      chain.mustWork()
      const hash = chain.intake().submitAs(unsigned, sender)
      chain.tellOfWork()
      await chain.sealedAtOnce(hash)
      return hash
    },
    change: (edit) => chain.exclusive(() => change(chain, edit)),
    mark: () => chain.wayBack().mark(chain.nextTime()),
    returnTo: (mark) =>
      chain.exclusive(async () => {
        await chain.wayBack().returnTo(mark)
        setTime(mark.timestamp)
      }),
    beginAnew: () =>
      chain.exclusive(async () => {
        await chain.wayBack().beginAnew()
        setTime(BigInt(Math.floor(nowMs() / 1_000)))
      }),
    rewindTo: (number) => chain.exclusive(() => chain.wayBack().rewindTo(number)),
  }
}

async function change(chain: MovedChain, edit: (overlay: StateOverlay) => void): Promise<void> {
  const { past, log } = chain.parts()
  mustHaveRoomForChange(past.changes)
  const overlay = createOverlay(past.state)
  edit(overlay)
  const difference = overlay.difference()
  const state = past.state.apply(difference)
  await log.appendChange(difference)
  past.change(state)
  chain.changed()
}

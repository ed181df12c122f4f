/** Gives others what they need to join a chain: snapshots of it, proofs, and blocks with their certificates. */

import type { ChainBlocks } from './chain-blocks.ts'
import type { NetworkedChain } from './chain-network.ts'
import type { ChainParts } from './chain-parts.ts'
import { ChainSnapshots } from './chain-snapshots.ts'
import type { Block } from './ledger/block.ts'
import type { State } from './state/state.ts'
import { isSyncQuestion, SyncAnswers } from './sync-answers.ts'

type Networked = Pick<NetworkedChain, 'answer' | 'peerCame' | 'peerWent'>

/** What an open chain gives; where blocks are not voted on, nothing can be proven and nothing is given. */
export class ChainSync {
  readonly #snapshots: ChainSnapshots
  readonly #answers: SyncAnswers
  readonly #isVoted: boolean

  constructor(parts: ChainParts, blocks: ChainBlocks) {
    const { options, derived, checkpoints, engine, dependencies, folder } = parts
    this.#isVoted = engine.maxReorg === 0 && dependencies.join !== undefined
    this.#snapshots = new ChainSnapshots({
      ...{ folder, logger: dependencies.logger },
      every: this.#isVoted ? (options.snapshotEvery ?? 0) : 0,
      copy: (...asked) => checkpoints.copy(...asked),
    })
    this.#answers = new SyncAnswers({
      ...{ blocks, derived, snapshots: this.#snapshots },
      ...{ nowMs: () => dependencies.clock.nowMs(), turns: dependencies.turns },
    })
  }

  /** The chain as the network sees it, with these answers beside those of another part; who comes may be ahead. */
  networked<Rest extends Networked>(rest: Rest, catchUp: () => void): Rest {
    return {
      ...rest,
      peerCame: (id) => {
        rest.peerCame(id)
        catchUp()
      },
      answer: (question, from, bytes) => {
        if (!isSyncQuestion(question)) return rest.answer(question, from, bytes)
        return this.#isVoted
          ? this.#answers.answer(question, from, bytes)
          : Promise.resolve(undefined)
      },
      peerWent: (id) => {
        rest.peerWent(id)
        this.#answers.drop(id)
      },
    }
  }

  /** A block came into the chain. */
  moved(block: Block, state: State): void {
    this.#snapshots.consider(block, state)
  }

  stop(): Promise<void> {
    return this.#snapshots.stop()
  }
}

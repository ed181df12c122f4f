/** Has validators vote on another chain, too, whose votes must change nothing here (S13). */

import { encodeMessage } from '../../../src/chain/consensus/message-codec.ts'
import type { ConsensusMessage } from '../../../src/chain/consensus/messages.ts'
import { signVote } from '../../../src/chain/consensus/test-validators/fake-signatures.ts'
import { keccak256 } from '../../../src/crypto/keccak.ts'
import { PropertyFailure } from '../observer.ts'
import { votesOf } from './engine-watch.ts'
import type { MachinePlace, RunPlace } from './places.ts'

const otherChain = keccak256(new TextEncoder().encode('another chain'))
/** One vote in so many has another one beside it. */
const oneIn = 25

/** The votes of another chain. */
export class Stranger {
  readonly #world: RunPlace
  readonly #signatures = new Set<string>()

  constructor(world: RunPlace) {
    this.#world = world
  }

  /** Somebody has voted here: elsewhere it votes otherwise, and all hear of it. */
  hears(message: ConsensusMessage): void {
    const { machines } = this.#world
    if (message.kind !== 'vote' || this.#world.plan.isSigned) return
    const { height, validatorIndex, value } = message.vote
    const chance = this.#world.chance('changes')
    const check = this.#world.checkAt(height)
    if (check.validators.list[validatorIndex] === undefined || !chance.oneIn(oneIn)) return
    const other = value === undefined ? chance.bytes(32) : undefined
    const content = { ...message.vote, value: other, validRound: -1 }
    const vote = signVote(content, { ...check, chainKey: otherChain }, this.#world.salt())
    this.#signatures.add(vote.signature.toHex())
    const bytes = encodeMessage({ kind: 'vote', vote })
    for (const { id } of machines)
      this.#world.send(-1, id, { kind: 'message', bytes, isPassedOn: true })
  }

  /** Looks whether an engine that was told such a vote keeps it. */
  stepped({ id }: MachinePlace, state: unknown, message: ConsensusMessage): void {
    if (message.kind !== 'vote' || !this.#signatures.has(message.vote.signature.toHex())) return
    this.#world.observer.count('a vote of another chain')
    const { core, held } = votesOf(state) ?? {}
    const { type, round, validatorIndex, signature } = message.vote
    const isHere = core?.tallies.some((tally) => {
      const { votes } = type === 'prevote' ? tally.prevotes : tally.precommits
      return tally.round === round && votes[validatorIndex]?.signature.toHex() === signature.toHex()
    })
    const isHeld = held?.votes.some((one) => one.signature.toHex() === signature.toHex())
    if (!isHere && !isHeld) return
    throw new PropertyFailure('S13', `node ${id} counts a vote of another chain`)
  }
}

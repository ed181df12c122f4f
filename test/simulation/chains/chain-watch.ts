/** Checks what machines say and store against the properties of chains (consensus.md, section 19). */

import { equalBytes } from '../../../src/base/bytes.ts'
import type { ChainEvent } from '../../../src/chain/chain.ts'
import type { ChainDerived } from '../../../src/chain/chain-derived.ts'
import { encodeMessage } from '../../../src/chain/consensus/message-codec.ts'
import type { ConsensusMessage, ValidatorSet } from '../../../src/chain/consensus/messages.ts'
import { decodeRecord } from '../../../src/chain/consensus/record.ts'
import type { Block } from '../../../src/chain/ledger/block.ts'
import { PropertyFailure } from '../observer.ts'
import type { MachinePlace, RunPlace } from './places.ts'

/** What was seen of the chains of one run. */
export class ChainWatch {
  readonly #world: RunPlace
  /** By height; that of the first is known. */
  readonly #sets = new Map<bigint, ValidatorSet>()
  /** Told when the chain of a correct machine has a new head. */
  onFinal: (machine: MachinePlace, height: bigint, round: number) => void = () => {}

  constructor(world: RunPlace) {
    this.#world = world
  }

  /** Who signs a height; of those that are not known yet, whoever signs the highest that is. */
  setAt(height: bigint): ValidatorSet {
    const known = this.#sets.get(height)
    if (known) return known
    const { firstSet } = this.#world.ground
    return [...this.#sets.values()].at(-1) ?? firstSet
  }

  /** S4 and S5; and that nothing leaves before it is on the disk (section 5.1). */
  said(machine: MachinePlace, message: ConsensusMessage): void {
    const { observer } = this.#world
    const own = ownOf(message, machine.validator)
    if (own === undefined) return
    if (own.kind === 'vote') observer.voted(own.vote)
    else observer.proposed(own.proposal)
    if (!machine.isCorrect) return
    const bytes = encodeMessage(own)
    const { signature } = own.kind === 'vote' ? own.vote : own.proposal
    const isLogged = machine.disk.payloads(machine.signingLog).some((one) => contains(one, bytes))
    const isGuarded = contains(machine.guardAtStart, signature)
    if (isLogged || isGuarded) return
    throw new PropertyFailure('order', `node ${machine.id} says what is not on its disk`)
  }

  /** S3: what a machine had it has after it was away. */
  opened(machine: MachinePlace, derived: ChainDerived): void {
    const { chain } = machine
    for (let at = 1n; at <= machine.height; at += 1n) {
      const block = chain?.byNumber(at)?.block
      if (block) this.#added(machine, derived, block)
    }
  }

  moved(
    machine: MachinePlace,
    derived: ChainDerived,
    { added, removed }: Extract<ChainEvent, { kind: 'head' }>,
  ): void {
    if (removed.length > 0) {
      throw new PropertyFailure('S3', `node ${machine.id} takes back what was final`)
    }
    for (const { block } of added) this.#added(machine, derived, block)
  }

  #added(machine: MachinePlace, derived: ChainDerived, block: Block): void {
    const { observer } = this.#world
    const { number } = block.header
    const proof = machine.chain?.proofsOf(number)?.proof
    if (!proof || !block.record) {
      throw new PropertyFailure('S7', `node ${machine.id} has no certificate of ${number}`)
    }
    const { round: bornRound } = decodeRecord(block.record)
    this.#world.tell(machine.id, () => `has ${number} ${block.hash.toHex().slice(0, 6)}`)
    if (machine.isCorrect) {
      const value = { value: block.hash, isValid: true, bornRound }
      observer.final(machine, number, value, proof)
      if (proof.round > 0) observer.count('decided in a later round')
      if (bornRound < proof.round) observer.count('decided an older block')
      if (block.transactions.length > 0) observer.count('transactions in a block')
    }
    const set = derived.of(block.hash)?.validators
    if (machine.isCorrect && set) this.#learn(number + 1n, set)
    if (machine.isCorrect) this.onFinal(machine, number, proof.round)
  }

  /** S8. */
  #learn(height: bigint, set: ValidatorSet): void {
    const known = this.#sets.get(height)
    if (known && !equalBytes(known.hash, set.hash)) {
      throw new PropertyFailure('S8', `two sets for height ${height}`)
    }
    this.#sets.set(height, set)
  }
}

/** What a validator signed itself, without the block that it may bring. */
function ownOf(message: ConsensusMessage, validator: number) {
  if (message.kind === 'vote' && message.vote.validatorIndex === validator) return message
  if (message.kind !== 'proposal' || message.proposal.validatorIndex !== validator) return undefined
  return { kind: 'proposal', proposal: message.proposal } as const
}

function contains(bytes: Uint8Array, part: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(part)
}

/** Checks what machines say and store against the properties of chains (consensus.md, section 19). */

import { equalBytes } from '../../../src/base/bytes.ts'
import type { ChainEvent } from '../../../src/chain/chain.ts'
import type { ChainDerived } from '../../../src/chain/chain-derived.ts'
import { encodeMessage } from '../../../src/chain/consensus/message-codec.ts'
import type { ConsensusMessage, ValidatorSet } from '../../../src/chain/consensus/messages.ts'
import { decodeRecord } from '../../../src/chain/consensus/record.ts'
import type { Block } from '../../../src/chain/ledger/block.ts'
import { PropertyFailure } from '../observer.ts'
import { isMined } from './chain-plan.ts'
import type { MachinePlace, RunPlace } from './places.ts'

/** What was seen of the chains of one run. */
export class ChainWatch {
  readonly #world: RunPlace
  /** By height; that of the first is known. */
  readonly #sets = new Map<bigint, ValidatorSet>()
  /** Of blocks that are sealed by work, by hash; and the most of each machine. */
  readonly #workOf = new Map<string, bigint>()
  readonly #mostWork = new Map<number, bigint>()
  /** Signatures that have left their machines. */
  readonly #said = new Set<string>()
  /** Told when the chain of a correct machine has a new head. */
  onFinal: (machine: MachinePlace, height: bigint, round: number) => void = () => {}

  constructor(world: RunPlace) {
    this.#world = world
  }

  /** Who signs a height; of those that are not known yet, whoever signs the highest that is. */
  setAt(height: bigint): ValidatorSet {
    const known = this.#sets.get(height)
    if (known) return known
    const first = this.#world.ground.derived.validators
    return height <= 1n ? first : ([...this.#sets.values()].at(-1) ?? first)
  }

  /** S4 and S5; and that nothing leaves before it is on the disk (section 5.1). */
  said(machine: MachinePlace, message: ConsensusMessage): void {
    const { observer } = this.#world
    const own = ownOf(message, ({ height }) => this.#world.placeAt(machine.validator, height))
    if (own === undefined) return
    if (own.kind === 'vote') observer.voted(own.vote)
    else observer.proposed(own.proposal)
    // What was signed for a height that is on the disk is in the log no more, and needs not be.
    const { height } = own.kind === 'vote' ? own.vote : own.proposal
    if (!machine.isCorrect || height <= machine.decided) return
    const bytes = encodeMessage(own)
    const { signature } = own.kind === 'vote' ? own.vote : own.proposal
    // What was said once comes back from others, too.
    const key = signature.toHex()
    if (this.#said.has(key)) return
    this.#said.add(key)
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
    const { observer, plan } = this.#world
    if (removed.length > 0) observer.count('reorganisation')
    if (removed.length > 0 && !isMined(plan)) {
      throw new PropertyFailure('S3', `node ${machine.id} takes back what was final`)
    }
    for (const { block } of added) this.#added(machine, derived, block)
  }

  /** S10: where blocks are sealed by work, none that a node had was of more work than its head, but while it moves. */
  checkWork(machines: readonly MachinePlace[]): void {
    const left = machines.find((machine) => !this.#isAtMostWork(machine))
    if (left) throw new PropertyFailure('S10', `node ${left.id} has left a branch of more work`)
  }

  /** Whether no node is on its way from one branch to another. */
  isAtMostWork(machines: readonly MachinePlace[]): boolean {
    return machines.every((machine) => this.#isAtMostWork(machine))
  }

  #isAtMostWork({ id, chain }: MachinePlace): boolean {
    const work = chain && this.#workOf.get(chain.head().hash.toHex())
    return work === undefined || work >= (this.#mostWork.get(id) ?? 0n)
  }

  #added(machine: MachinePlace, derived: ChainDerived, block: Block): void {
    const { observer, plan } = this.#world
    const { number } = block.header
    this.#world.tell(machine.id, () => `has ${number} ${block.hash.toHex().slice(0, 6)}`)
    if (block.transactions.length > 0) observer.count('transactions in a block')
    const follows = derived.of(block.hash)
    const isPunished = follows !== undefined && follows.evidenceSeen.length > 0
    if (isPunished) observer.count('whoever signed twice was punished')
    if (isMined(plan)) {
      const work = follows?.totalWork ?? 0n
      this.#workOf.set(block.hash.toHex(), work)
      const most = this.#mostWork.get(machine.id) ?? 0n
      this.#mostWork.set(machine.id, work > most ? work : most)
      return
    }
    if (!machine.isCorrect || !follows) return
    this.#decided(machine, block)
    this.learn(number + 1n, follows.validators)
    this.learn(number + 2n, follows.nextValidators)
  }

  /** S1 to S3, and S7. */
  #decided(machine: MachinePlace, block: Block): void {
    const { observer } = this.#world
    const { number } = block.header
    const proof = machine.chain?.proofsOf(number)?.proof
    if (!proof || !block.record) {
      throw new PropertyFailure('S7', `node ${machine.id} has no certificate of ${number}`)
    }
    const { round: bornRound } = decodeRecord(block.record)
    observer.final(machine, number, { value: block.hash, isValid: true, bornRound }, proof)
    if (proof.round > 0) observer.count('decided in a later round')
    if (bornRound < proof.round) observer.count('decided an older block')
    this.onFinal(machine, number, proof.round)
  }

  /** S8. */
  learn(height: bigint, set: ValidatorSet): void {
    const known = this.#sets.get(height)
    if (known && !equalBytes(known.hash, set.hash)) {
      throw new PropertyFailure('S8', `two sets for height ${height}`)
    }
    const before = this.#sets.get(height - 1n)
    if (!known && before && !equalBytes(before.hash, set.hash)) {
      this.#world.observer.count('the set changed')
      for (const what of changesOf(before, set)) this.#world.observer.count(what)
    }
    this.#sets.set(height, set)
  }
}

/** What makes a set another than the one before. */
function changesOf(before: ValidatorSet, after: ValidatorSet): readonly string[] {
  const weights = (set: ValidatorSet) =>
    new Map(set.list.map(({ address, weight }) => [address.toHex(), weight]))
  const [old, now] = [weights(before), weights(after)]
  const isWeighed = [...now].some(([one, weight]) => (old.get(one) ?? weight) !== weight)
  return [
    ...([...now.keys()].some((one) => !old.has(one)) ? ['a validator joined'] : []),
    ...([...old.keys()].some((one) => !now.has(one)) ? ['a validator left'] : []),
    ...(isWeighed ? ['a weight changed'] : []),
  ]
}

/** What a validator signed itself, without the block that it may bring. */
function ownOf(
  message: ConsensusMessage,
  placeAt: (of: { readonly height: bigint }) => number,
): Extract<ConsensusMessage, { kind: 'vote' | 'proposal' }> | undefined {
  if (message.kind === 'vote') {
    return message.vote.validatorIndex === placeAt(message.vote) ? message : undefined
  }
  if (message.kind !== 'proposal') return undefined
  const { proposal } = message
  return proposal.validatorIndex === placeAt(proposal) ? { kind: 'proposal', proposal } : undefined
}

function contains(bytes: Uint8Array, part: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(part)
}

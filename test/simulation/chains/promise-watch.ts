/** Watches what must happen in time once the network is calm: transactions (L3) and evidence (L5) come into blocks. */

import type { BftState } from '../../../src/chain/consensus/bft-state.ts'
import { isSettled } from '../../../src/chain/consensus/evidence.ts'
import type { Hash } from '../../../src/chain/ledger/transaction.ts'
import { PropertyFailure } from '../observer.ts'
import { canProgress } from '../plan.ts'
import { rich } from './chain-ground.ts'
import { isMined } from './chain-plan.ts'
import { isHybrid, isVoted } from './engine-watch.ts'
import type { MachinePlace, RunPlace } from './places.ts'

/** Blocks beyond two for each validator: those that were under way, and a turn that faulty ones draw. */
const slack = 4n

/** What waits in one run. */
export class PromiseWatch {
  readonly #world: RunPlace
  /** From then on all is well. */
  calmMs = Number.POSITIVE_INFINITY
  /** Transactions in the order of their nonces, and since which height all have them. */
  readonly #sent: Hash[] = []
  readonly #heldSince = new Map<number, bigint>()
  /** Whose evidence a machine has had since which height. */
  readonly #knownSince = new Map<number, ReadonlyMap<string, bigint>>()

  constructor(world: RunPlace) {
    this.#world = world
  }

  sent(nonce: number, hash: Hash): void {
    this.#sent[nonce] = hash
  }

  /** L5: whoever signed twice is told of in a block soon after a correct node could prove it. */
  stepped(machine: MachinePlace, state: unknown): void {
    if (!machine.isCorrect || !this.#isCalm()) return
    const held = heldIn(state)
    if (held === undefined) return
    const open = openIn(held)
    const known = this.#knownSince.get(machine.id)
    if (open.length === 0 && known === undefined) return
    const { number, members } = held
    const since = new Map(open.map((signer) => [signer, known?.get(signer) ?? number] as const))
    this.#knownSince.set(machine.id, since)
    const most = this.#mostHeights(members)
    for (const from of since.values()) {
      if (number <= from + most) continue
      throw new PropertyFailure('L5', `node ${machine.id} has had evidence since block ${from}`)
    }
  }

  /** L3: a transaction that all have is in a block soon. */
  moved(machine: MachinePlace): void {
    if (!machine.isCorrect || !this.#isCalm()) return
    const { height } = machine
    const set = machine.chain?.validatorsAt(height)?.list.length
    const most = this.#mostHeights(set || this.#world.machines.length)
    for (const [nonce, hash] of this.#sent.entries()) {
      if (this.#isIn(machine, nonce)) continue
      if (hash === undefined || !this.#isHeld(nonce, hash)) {
        this.#heldSince.delete(nonce)
        return
      }
      const since = this.#heldSince.get(nonce) ?? height
      this.#heldSince.set(nonce, since)
      if (height <= since + most) continue
      const words = `transaction ${nonce}, which all have had since block ${since}, is not in`
      throw new PropertyFailure('L3', `${words} block ${height} of node ${machine.id} or before`)
    }
  }

  #isCalm(): boolean {
    const { nowMs, plan } = this.#world
    return nowMs >= this.calmMs && (isMined(plan) || canProgress(plan))
  }

  #mostHeights(validators: number): bigint {
    return 2n * BigInt(validators) + slack
  }

  #isHeld(nonce: number, hash: Hash): boolean {
    return this.#world.machines.every((one) => {
      if (!one.isCorrect) return true
      return this.#isIn(one, nonce) || one.chain?.pool.get(hash) !== undefined
    })
  }

  #isIn({ chain }: MachinePlace, nonce: number): boolean {
    const account = chain?.stateAt(chain.head().hash)?.account(rich)
    return (account?.nonce ?? 0n) > BigInt(nonce)
  }
}

/** Whose evidence could be in the next block. */
function openIn({ evidence, punished, decided }: Held): readonly string[] {
  return evidence
    .filter((one) => !isSettled(punished, one) && one.evidence.a.height <= decided)
    .map(({ signer }) => signer.toHex())
}

/** What waits at an engine, at which block, and the last height or instance that is over. */
interface Held {
  readonly number: bigint
  readonly decided: bigint
  readonly members: number
  readonly evidence: BftState['evidence']
  readonly punished: Parameters<typeof isSettled>[0]
}

function heldIn(state: unknown): Held | undefined {
  if (isVoted(state)) {
    const { evidence, ground } = state
    const { number } = ground.head
    const { evidenceSeen: punished, validators } = ground.derived
    return { number, decided: number, members: validators.list.length, evidence, punished }
  }
  if (!isHybrid(state)) return undefined
  const { headNumber: number, last, evidence, punished, validators } = state.votes
  return { number, decided: last.instance, members: validators.list.length, evidence, punished }
}

/** Watches what a committee makes final on chains of work: one chain of blocks, which no node leaves again (S1, S3, S7, S10, L6). */

import { equalBytes } from '../../../src/base/bytes.ts'
import type { ChainEvent } from '../../../src/chain/chain.ts'
import { checkCertificate } from '../../../src/chain/consensus/certificate.ts'
import type { HybridState } from '../../../src/chain/consensus/hybrid.ts'
import type { Certificate, ValidatorSet } from '../../../src/chain/consensus/messages.ts'
import { PropertyFailure } from '../observer.ts'
import { buriedBy, checkpointEvery } from './chain-ground.ts'
import { isHybrid } from './engine-watch.ts'
import type { MachinePlace, RunPlace } from './places.ts'

type Final = HybridState['votes']['last']

/** Blocks that may come before one of them is final (L6), and those that rounds of before the calm may cost. */
const [mostWaited, mostOwed] = [BigInt(2 * checkpointEvery + buriedBy), 24n]

/** What is final in one run. */
export class FinalWatch {
  readonly #world: RunPlace
  readonly #learn: (instance: bigint, set: ValidatorSet) => void
  /** Hashes by instance, and by number. */
  readonly #decided = new Map<bigint, Uint8Array>()
  readonly #hashes = new Map<bigint, Uint8Array>()
  readonly #lastOf = new Map<number, Final>()

  constructor(world: RunPlace, learn: (instance: bigint, set: ValidatorSet) => void) {
    this.#world = world
    this.#learn = learn
  }

  /** Its folder is gone: it begins anew. */
  forgot({ id }: MachinePlace): void {
    this.#lastOf.delete(id)
  }

  /** The engine of a machine has taken a step. */
  stepped(machine: MachinePlace, state: unknown): void {
    if (!isHybrid(state) || !machine.isCorrect) return
    const { core, last, validators, nextValidators, kept } = state.votes
    this.#learn(core.height, validators)
    this.#learn(core.height + 1n, nextValidators)
    const { decision } = core
    if (decision) this.#certified(machine, decision.proof)
    const before = this.#lastOf.get(machine.id)
    if (before?.instance === last.instance && before.number === last.number) return
    const [proof] = kept.slice(-1)
    if (proof?.certificate.height === last.instance) this.#certified(machine, proof.certificate)
    else if (last.instance > 0n) this.#world.observer.count('finality from a block')
    this.#isFinal(machine, last)
  }

  /** No block that is final leaves the chain. */
  moved(machine: MachinePlace, { removed }: Extract<ChainEvent, { kind: 'head' }>): void {
    const last = this.#lastOf.get(machine.id)
    if (last === undefined || !machine.isCorrect) return
    const taken = removed.find(({ block }) => block.header.number <= last.number)
    if (taken) throw new PropertyFailure('S10', `node ${machine.id} takes back a final block`)
  }

  /** Whether all have a final block near a height, as they must once blocks are far above it. */
  reach(machines: readonly MachinePlace[], height: bigint): boolean {
    const late = machines.find(({ id }) => this.#numberOf(id) + mostWaited < height)
    if (late === undefined) return true
    const lowest = machines.map((one) => one.height).reduce((a, b) => (a < b ? a : b))
    if (lowest < height + mostOwed) return false
    const detail = `node ${late.id} at ${late.height} knows no final block above ${this.#numberOf(late.id)}`
    throw new PropertyFailure('L6', detail)
  }

  /** What is final lies in the chain of each, when all is over. */
  check(machines: readonly MachinePlace[]): void {
    if (this.#world.plan.engine !== 'hybrid') return
    for (const { id, chain } of machines) {
      for (const [number, hash] of this.#hashes) {
        if (number > this.#numberOf(id)) continue
        const own = chain?.blockHash(number)
        if (own && equalBytes(own, hash)) continue
        throw new PropertyFailure('S10', `the chain of node ${id} lacks the final block ${number}`)
      }
      const told = chain?.finalized().header.number ?? 0n
      if (told === this.#numberOf(id)) continue
      throw new PropertyFailure('S3', `node ${id} calls ${told} final, and knows it of another`)
    }
  }

  #numberOf(id: number): bigint {
    return this.#lastOf.get(id)?.number ?? 0n
  }

  #isFinal(machine: MachinePlace, last: Final): void {
    const { id, chain } = machine
    const { observer } = this.#world
    const before = this.#lastOf.get(id)
    if (before && (last.instance < before.instance || last.number < before.number)) {
      const words = `${before.instance} at ${before.number} to ${last.instance} at ${last.number}`
      throw new PropertyFailure('S3', `what is final at node ${id} goes back from ${words}`)
    }
    this.#lastOf.set(id, last)
    if (last.instance === 0n) return
    this.#world.tell(id, () => `has final ${last.number} by instance ${last.instance}`)
    observer.count('checkpoint')
    const own = chain?.blockHash(last.number)
    if (own === undefined) {
      throw new PropertyFailure('S10', `node ${id} has not the block ${last.number} that is final`)
    }
    this.#agree(machine, last.instance, own)
    if (last.number % BigInt(checkpointEvery) !== 0n) {
      throw new PropertyFailure('S2', `block ${last.number} is none that can be final`)
    }
    this.#hashes.set(last.number, own)
  }

  /** S7. */
  #certified(machine: MachinePlace, certificate: Certificate): void {
    const { height, value, type, instance, round } = certificate
    const known = this.#decided.get(height)
    if (known && value && equalBytes(known, value)) return
    const check = this.#world.checkAt(height)
    const isProof = type === 'commit' && instance === 1 && value !== undefined
    if (!isProof || checkCertificate(certificate, check).kind !== 'valid') {
      throw new PropertyFailure('S7', `node ${machine.id} has no valid certificate of ${height}`)
    }
    if (round > 0) this.#world.observer.count('checkpoint in a later round')
    this.#agree(machine, height, value)
  }

  /** S1. */
  #agree({ id }: MachinePlace, instance: bigint, hash: Uint8Array): void {
    const known = this.#decided.get(instance)
    this.#decided.set(instance, known ?? hash)
    if (known === undefined || equalBytes(known, hash)) return
    throw new PropertyFailure('S1', `node ${id} has another final block of instance ${instance}`)
  }
}

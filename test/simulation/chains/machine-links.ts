/** Links a machine to the others as the network room does: passes on what is good and new, and asks for blocks. */

import type { ChainNetwork, Hearing, NetworkedChain } from '../../../src/chain/chain-network.ts'
import { keccak256 } from '../../../src/crypto/keccak.ts'
import { PropertyFailure } from '../observer.ts'
import type { Packet } from '../wires.ts'
import type { Machine } from './machine.ts'
import type { Life } from './machine-disk.ts'

/** What travels between machines. */
export type Parcel =
  /** Of consensus, in its own encoding. */
  | { readonly kind: 'message'; readonly bytes: Uint8Array; readonly isPassedOn: boolean }
  | { readonly kind: 'transaction'; readonly bytes: Uint8Array }
  /** A decided block that nobody asked for, since its receiver is behind. */
  | { readonly kind: 'block'; readonly bytes: Uint8Array }
  | { readonly kind: 'ask'; readonly height: bigint; readonly question: number }
  | {
      readonly kind: 'answer'
      readonly bytes: Uint8Array | undefined
      readonly question: number
    }

/** Most that a machine remembers to have heard. */
const mostHeard = 4_096
/** How long it waits for an answer, and how many it asks. */
const [answerMs, mostAsked] = [300, 3]

/** The links of one machine. */
export class MachineLinks {
  readonly #machine: Machine
  #chain: NetworkedChain | undefined
  #life: Life | undefined
  #heard = new Set<string>()
  #questions = 0
  readonly #waiting = new Map<number, (bytes: Uint8Array | undefined) => void>()

  constructor(machine: Machine) {
    this.#machine = machine
  }

  /** Joins the chain of a life. */
  join(life: Life): (chain: NetworkedChain) => ChainNetwork {
    return (chain) => {
      this.#chain = chain
      return {
        say: (bytes, to) => {
          if (!life.acts()) return
          this.#machine.world.said(this.#machine, bytes)
          this.#heard.add(keyOf(bytes))
          this.#send({ kind: 'message', bytes, isPassedOn: to === undefined }, to)
        },
        sayState: (bytes) => {
          if (life.acts()) this.#send({ kind: 'message', bytes, isPassedOn: false })
        },
        sayTransaction: (bytes) => {
          if (life.acts()) this.#send({ kind: 'transaction', bytes })
        },
        giveBlock: (to, bytes) => {
          if (life.acts()) this.#send({ kind: 'block', bytes }, to)
        },
        askBlock: (height) => this.#ask(life, height),
        peers: () => [],
        addPeer: () => {},
        leave: () => {},
      }
    }
  }

  /** Hears from now on. */
  start(life: Life): void {
    this.#life = life
  }

  /** The machine has stopped. */
  cut(): void {
    this.#chain = undefined
    this.#life = undefined
    this.#heard = new Set()
    this.#waiting.clear()
  }

  receive({ from, message, isSpoilt }: Packet<Parcel>): void {
    const [chain, life] = [this.#chain, this.#life]
    if (!chain || !life || life.isOver) return
    switch (message.kind) {
      case 'message': {
        if (message.isPassedOn && this.#knows(message.bytes)) return
        const hearing = chain.hear(String(from), message.bytes)
        this.#judge(from, hearing, isSpoilt)
        if (hearing === 'accept' && message.isPassedOn) this.#passOn(from, message)
        return
      }
      case 'transaction':
        if (this.#knows(message.bytes)) return
        void chain.hearTransaction(message.bytes).then((hearing) => {
          if (hearing === 'accept' && !life.isOver) this.#passOn(from, message)
        })
        return
      case 'block':
        this.#judge(from, chain.hearBlock(message.bytes), isSpoilt)
        return
      case 'ask':
        this.#answer(chain, from, message)
        return
      case 'answer': {
        const { bytes, question } = message
        this.#waiting.get(question)?.(bytes)
        this.#waiting.delete(question)
      }
    }
  }

  /** Of a message that came before nothing is new. */
  #knows(bytes: Uint8Array): boolean {
    const key = keyOf(bytes)
    if (this.#heard.has(key)) return true
    if (this.#heard.size >= mostHeard) this.#heard = new Set()
    this.#heard.add(key)
    return false
  }

  /** Nobody who follows the rules says what is refused as wrong. */
  #judge(from: number, hearing: Hearing, isSpoilt: boolean): void {
    if (hearing !== 'bad-encoding' && hearing !== 'bad-signature') return
    const { world, id } = this.#machine
    world.observer.count(`refused: ${hearing}`)
    const isFaulty = from < 0 || !world.machines[from]?.isCorrect
    if (isSpoilt || isFaulty) return
    world.fail(new PropertyFailure('blame', `node ${id} blames node ${from} for ${hearing}`))
  }

  #answer(
    chain: NetworkedChain,
    from: number,
    { height, question }: Extract<Parcel, { kind: 'ask' }>,
  ): void {
    if (!this.#life?.acts()) return
    this.#send({ kind: 'answer', bytes: chain.decidedBlock(height), question }, String(from))
  }

  /** Asks one after the other, in any order. */
  async #ask(life: Life, height: bigint): Promise<Uint8Array | undefined> {
    const { world, id } = this.#machine
    for (let asked = 0; asked < mostAsked; asked += 1) {
      if (!life.acts()) break
      world.observer.count('asked for a block')
      const others = world.machines.filter((one) => one.id !== id)
      if (others.length === 0) return undefined
      this.#questions += 1
      const question = this.#questions
      const to = String(world.chance('work').pick(others).id)
      const bytes = await new Promise<Uint8Array | undefined>((resolve) => {
        this.#waiting.set(question, resolve)
        life.after(answerMs, () => resolve(undefined))
        this.#send({ kind: 'ask', height, question }, to)
      })
      this.#waiting.delete(question)
      if (bytes) return bytes
    }
    return undefined
  }

  #passOn(from: number, parcel: Parcel): void {
    const { world, id } = this.#machine
    const chance = world.chance('network')
    const { machines } = world
    for (const other of machines) {
      if (other.id === from || other.id === id) continue
      if (machines.length <= 5 || chance.below(machines.length) < 4)
        world.send(id, other.id, parcel)
    }
  }

  #send(parcel: Parcel, to?: string): void {
    const { world, id } = this.#machine
    const stray = world.straying(this.#machine)
    for (const other of world.machines) {
      if (other.id === id || (to !== undefined && to !== String(other.id)) || stray(other.id))
        continue
      world.send(id, other.id, parcel)
    }
  }
}

function keyOf(bytes: Uint8Array): string {
  return keccak256(bytes).toHex()
}

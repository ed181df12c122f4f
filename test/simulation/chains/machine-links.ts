/** Links a machine to the others as the network room does: passes on what is good and new, asks, and answers. */

import type {
  ChainNetwork,
  ChainQuestion,
  Hearing,
  NetworkedChain,
} from '../../../src/chain/chain-network.ts'
import { keccak256 } from '../../../src/crypto/keccak.ts'
import { PropertyFailure } from '../observer.ts'
import type { Packet } from '../wires.ts'
import type { Life } from './machine-disk.ts'
import type { MachinePlace, Parcel } from './places.ts'

/** Most that a machine remembers to have heard. */
const mostHeard = 4_096
/** How long it waits for an answer. */
const answerMs = 300

/** The links of one machine. */
export class MachineLinks {
  readonly #machine: MachinePlace
  #chain: NetworkedChain | undefined
  #life: Life | undefined
  #heard = new Set<string>()
  #questions = 0
  readonly #waiting = new Map<number, (bytes: Uint8Array | undefined) => void>()

  constructor(machine: MachinePlace) {
    this.#machine = machine
  }

  get isLinked(): boolean {
    return this.#life !== undefined
  }

  peerCame(id: string): void {
    this.#chain?.peerCame(id)
  }

  peerWent(id: string): void {
    this.#chain?.peerWent(id)
  }

  /** Joins the chain of a life. */
  join(life: Life): (chain: NetworkedChain) => ChainNetwork {
    const tell = (parcel: Parcel, to?: string) => {
      if (life.acts()) this.#send(parcel, to)
    }
    const say = (bytes: Uint8Array, to?: string) => {
      if (!life.acts()) return
      this.#machine.world.said(this.#machine, bytes)
      this.#heard.add(keyOf(bytes))
      this.#send({ kind: 'message', bytes, isPassedOn: to === undefined }, to)
    }
    return (chain) => {
      this.#chain = chain
      return {
        ...{ say, sayPart: say },
        sayState: (bytes) => tell({ kind: 'message', bytes, isPassedOn: false }),
        sayTransaction: (bytes) => tell({ kind: 'transaction', bytes }),
        sayOffer: (bytes, to) => tell({ kind: 'offer', bytes }, to),
        sayStatus: (bytes, to) => tell({ kind: 'status', bytes }, to),
        sayNewBlock: (bytes) => {
          this.#heard.add(keyOf(bytes))
          tell({ kind: 'new-block', bytes })
        },
        giveBlock: (to, bytes) => tell({ kind: 'block', bytes }, to),
        ask: (to, question, bytes) => this.#ask(life, to, { question, bytes }),
        score: (peer, wrong) => this.#judge(Number(peer), wrong, false),
        peers: () => this.#others().map((id) => ({ id, validator: undefined })),
        addPeer: () => {},
        validatorChanged: () => {},
        leave: () => {},
      }
    }
  }

  /** Hears from now on, and is linked to all. */
  start(life: Life): void {
    this.#life = life
    const { world, id } = this.#machine
    for (const other of world.machines) {
      if (other.id === id || !other.links.isLinked) continue
      this.peerCame(String(other.id))
      other.links.peerCame(String(id))
    }
  }

  /** The machine has stopped. */
  cut(): void {
    if (this.#life === undefined) return
    this.#chain = undefined
    this.#life = undefined
    this.#heard = new Set()
    this.#waiting.clear()
    const { world, id } = this.#machine
    for (const other of world.machines) {
      if (other.links.isLinked) other.links.peerWent(String(id))
    }
  }

  receive({ from, message, isSpoilt }: Packet<Parcel>): void {
    const [chain, life] = [this.#chain, this.#life]
    if (!chain || !life || life.isOver) return
    const judge = (hearing: Hearing) => {
      if (!life.isOver) this.#judge(from, hearing, isSpoilt)
    }
    const taken = (hearing: Hearing) => {
      judge(hearing)
      if (hearing === 'accept' && !life.isOver) this.#passOn(from, message)
    }
    switch (message.kind) {
      case 'message': {
        if (message.isPassedOn && this.#knows(message.bytes)) return
        const hearing = chain.hear(String(from), message.bytes)
        if (message.isPassedOn) taken(hearing)
        else judge(hearing)
        return
      }
      case 'transaction':
        if (!this.#knows(message.bytes)) this.#later(chain.hearTransaction(message.bytes), taken)
        return
      case 'new-block':
        if (this.#knows(message.bytes)) return
        this.#later(chain.hearNewBlock(String(from), message.bytes), taken)
        return
      case 'offer':
        judge(chain.hearOffer(String(from), message.bytes))
        return
      case 'status':
        judge(chain.hearStatus(String(from), message.bytes))
        return
      case 'block':
        judge(chain.hearBlock(message.bytes))
        return
      case 'ask':
        this.#later(chain.answer(message.question, String(from), message.bytes), (answer) => {
          if (typeof answer === 'string') judge(answer)
          const bytes = typeof answer === 'string' ? undefined : answer
          if (!life.acts()) return
          this.#send({ kind: 'answer', bytes, number: message.number }, String(from))
        })
        return
      case 'answer':
        this.#waiting.get(message.number)?.(message.bytes)
    }
  }

  #later<T>(work: Promise<T>, then: (result: T) => void): void {
    work.then(then).catch((error: unknown) => this.#machine.world.fail(error))
  }

  /** Of a message that came before nothing is new. */
  #knows(bytes: Uint8Array): boolean {
    const key = keyOf(bytes)
    if (this.#heard.has(key)) return true
    if (this.#heard.size >= mostHeard) this.#heard = new Set()
    this.#heard.add(key)
    return false
  }

  /** Nobody who follows the rules does what is held to be wrong. */
  #judge(from: number, hearing: Hearing, isSpoilt: boolean): void {
    if (hearing === 'accept' || hearing === 'ignore') return
    const { world, id } = this.#machine
    world.observer.count(`blamed: ${hearing}`)
    const isFaulty = from < 0 || !world.machines[from]?.isCorrect
    if (isSpoilt || isFaulty || world.plan.spoilPercent > 0) return
    // Who starts again may have less than it said.
    const isForgetful = world.plan.faults.some(({ kind }) => kind === 'crash' || kind === 'disk')
    if (hearing === 'empty-claim' && isForgetful) return
    world.fail(new PropertyFailure('blame', `node ${id} blames node ${from} for ${hearing}`))
  }

  /** Who is linked, in any order. */
  #others(): readonly string[] {
    const { world, id } = this.#machine
    const left = world.machines.filter((one) => one.id !== id && one.links.isLinked)
    const others: string[] = []
    while (left.length > 0) {
      const [next] = left.splice(world.chance('work').below(left.length), 1)
      if (next) others.push(String(next.id))
    }
    return others
  }

  #ask(
    life: Life,
    to: string,
    asked: { readonly question: ChainQuestion; readonly bytes: Uint8Array },
  ): Promise<Uint8Array | undefined> {
    // A process that has ended gets no answer.
    if (!life.acts()) return new Promise(() => {})
    this.#machine.world.observer.count(`asked: ${asked.question}`)
    this.#questions += 1
    const number = this.#questions
    return new Promise((resolve) => {
      const done = (bytes: Uint8Array | undefined) => {
        this.#waiting.delete(number)
        resolve(bytes)
      }
      this.#waiting.set(number, done)
      life.after(answerMs, () => done(undefined))
      this.#send({ kind: 'ask', ...asked, number }, to)
    })
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
    const strays = world.straying(this.#machine)
    for (const other of world.machines) {
      const isMeant = other.id !== id && (to === undefined || to === String(other.id))
      if (isMeant && !strays(other.id)) world.send(id, other.id, parcel)
    }
  }
}

function keyOf(bytes: Uint8Array): string {
  return keccak256(bytes).toHex()
}

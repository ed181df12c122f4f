/** Links nodes of one process by hand, so that a test can cut them, see what is said over them, and lie. */

import type { ChainNetwork, Hearing, NetworkedChain, PeerWrong } from '../chain-network.ts'
import { decodeMessage } from '../consensus/message-codec.ts'

/** What was found wrong with a node. */
interface Complaint {
  readonly by: string
  readonly of: string
  readonly wrong: PeerWrong
}

/** Links between nodes of one process; a node that is away neither hears nor is heard, nor are nodes of other parts. */
export class TestLinks {
  readonly #nodes = new Map<string, NetworkedChain>()
  readonly #seen = new Map<string, Set<string>>()
  readonly away = new Set<string>()
  /** How much later than all else proposals come, in ms. */
  proposalsLateMs = 0
  /** How late each part of a block comes, in ms; what is lost comes never. */
  partFate: () => number | 'lost' = () => 0
  /** Who has asked for blocks. */
  readonly asked = new Set<string>()
  readonly complaints: Complaint[] = []
  /** Questions that were put to each node. */
  readonly questions = new Map<string, number>()
  #part: (name: string) => unknown = () => 0

  /** Joins a node under a name. */
  join(name: string): (chain: NetworkedChain) => ChainNetwork {
    return (chain) => {
      this.#nodes.set(name, chain)
      this.#seen.set(name, new Set())
      for (const [other] of this.#others(name)) this.#meet(name, other)
      return this.#networkOf(name)
    }
  }

  /** Cuts the links between nodes to which different things are given; those that are whole again begin anew. */
  part(part: (name: string) => unknown): void {
    const before = this.#part
    this.#part = part
    for (const name of this.#nodes.keys()) {
      for (const other of this.#nodes.keys()) {
        if (name >= other) continue
        const [was, is] = [before(name) === before(other), part(name) === part(other)]
        if (is && !was) this.#meet(name, other)
        if (was && !is) {
          this.#nodes.get(name)?.peerWent(other)
          this.#nodes.get(other)?.peerWent(name)
        }
      }
    }
  }

  /** Brings a node a message of somebody who has no chain. */
  tell(name: string, message: Uint8Array): void {
    setImmediate(() => this.#nodes.get(name)?.hear('stranger', message))
  }

  /** What nodes complain of. */
  wrongs(of: string): readonly PeerWrong[] {
    return this.complaints.filter((one) => one.of === of).map(({ wrong }) => wrong)
  }

  #meet(name: string, other: string): void {
    setImmediate(() => {
      this.#nodes.get(name)?.peerCame(other)
      this.#nodes.get(other)?.peerCame(name)
    })
  }

  #others(name: string) {
    return [...this.#nodes].filter(
      ([other]) =>
        other !== name &&
        !this.away.has(name) &&
        !this.away.has(other) &&
        this.#part(name) === this.#part(other),
    )
  }

  #networkOf(name: string): ChainNetwork {
    const others = () => this.#others(name)
    const later = (
      [other]: readonly [string, NetworkedChain],
      hear: (node: NetworkedChain) => Hearing | Promise<Hearing>,
    ) => setImmediate(() => this.#heard(hear, { by: other, of: name }))
    const say = (hear: (node: NetworkedChain) => Hearing | Promise<Hearing>, to?: string) => {
      for (const one of others()) if (to === undefined || to === one[0]) later(one, hear)
    }
    const sayPart = (message: Uint8Array, to?: string) => {
      for (const [other] of others()) {
        const lateMs = this.partFate()
        if ((to !== undefined && to !== other) || lateMs === 'lost') continue
        setTimeout(() => say((node) => node.hear(name, message), other), lateMs)
      }
    }
    return {
      say: (message, to) => {
        const { kind } = decodeMessage(message)
        if (kind === 'part') return sayPart(message, to)
        const tell = () => say((node) => node.hear(name, message), to)
        if (kind === 'proposal' && this.proposalsLateMs > 0) setTimeout(tell, this.proposalsLateMs)
        else tell()
      },
      sayPart: (message) => sayPart(message),
      sayState: (message) => say((node) => node.hear(name, message)),
      sayTransaction: (raw) => say((node) => node.hearTransaction(raw)),
      giveBlock: (to, bytes) => say((node) => node.hearBlock(bytes), to),
      sayOffer: (hashes, to) => say((node) => node.hearOffer(name, hashes), to),
      sayStatus: (bytes, to) => say((node) => node.hearStatus(name, bytes), to),
      sayNewBlock: (bytes) => this.#spread(name, bytes),
      ask: async (to, question, bytes) => {
        if (question === 'decided') this.asked.add(name)
        this.questions.set(to, (this.questions.get(to) ?? 0) + 1)
        const node = others().find(([other]) => other === to)?.[1]
        const answer = await node?.answer(question, name, bytes)
        if (typeof answer !== 'string') return answer
        this.complaints.push({ by: to, of: name, wrong: answer })
        return undefined
      },
      score: (of, wrong) => void this.complaints.push({ by: name, of, wrong }),
      peers: () => others().map(([id]) => ({ id, validator: undefined })),
      addPeer: () => {},
      validatorChanged: () => {},
      leave: () => void this.#nodes.delete(name),
    }
  }

  /** Who takes a block passes it on, and takes it once. */
  #spread(name: string, bytes: Uint8Array): void {
    const text = bytes.toHex()
    this.#seen.get(name)?.add(text)
    for (const [other, node] of this.#others(name)) {
      const seen = this.#seen.get(other)
      if (!seen || seen.has(text)) continue
      seen.add(text)
      setImmediate(async () => {
        const hearing = await this.#heard(() => node.hearNewBlock(name, bytes), {
          by: other,
          of: name,
        })
        if (hearing === 'accept') this.#spread(other, bytes)
        if (hearing === 'ignore') seen.delete(text)
      })
    }
  }

  async #heard(
    hear: (node: NetworkedChain) => Hearing | Promise<Hearing>,
    { by, of }: { readonly by: string; readonly of: string },
  ): Promise<Hearing> {
    const node = this.#nodes.get(by)
    const hearing = node ? await hear(node) : 'ignore'
    if (hearing !== 'accept' && hearing !== 'ignore') {
      this.complaints.push({ by, of, wrong: hearing })
    }
    return hearing
  }
}

/** Holds the keys of some validators, hears everything, and sends whatever it can sign to whomever it likes, at random moments. */

import { quorumCertificate } from '../../src/chain/consensus/certificate.ts'
import type {
  Certificate,
  Instance,
  SignedProposal,
  SignedVote,
  VoteContent,
} from '../../src/chain/consensus/messages.ts'
import type { SignatureCheck } from '../../src/chain/consensus/signatures.ts'
import {
  signProposal,
  signVote,
} from '../../src/chain/consensus/test-validators/fake-signatures.ts'
import type { Chance } from '../fuzz/chance.ts'
import type { SimulatedBlock } from './blocks.ts'
import type { Message } from './message.ts'
import type { Plan } from './plan.ts'

/** A node that is lied to. */
interface Target {
  readonly id: number
  readonly height: bigint
  readonly round: number
}

/** What a liar knows and can do. */
export interface LiarPlace {
  /** What is voted on. */
  readonly instance: Instance
  readonly plan: Pick<Plan, 'lieEveryMs' | 'weights'>
  /** The liar's validators, by place in the set of a height. */
  readonly liarsAt: (height: bigint) => readonly number[]
  readonly chance: Chance
  readonly checkAt: (height: bigint) => SignatureCheck
  readonly targets: () => readonly Target[]
  /** Tells of all that is said to all. */
  readonly hear: (ear: (message: Message) => void) => void
  readonly salt: () => number
  readonly after: (ms: number, run: () => void) => void
  /** Whose turn it is, if that is known. */
  readonly proposerOf: (height: bigint, round: number) => number | undefined
  readonly voted: (vote: SignedVote) => void
  readonly newBlock: (height: bigint, round: number, isValid: boolean) => ProposedBlock | undefined
  /** A block that somebody has. */
  readonly blockOf: (value: Uint8Array) => ProposedBlock | undefined
  readonly send: (to: number, message: Message) => void
}

/** A block as the liar proposes it. */
type ProposedBlock = Pick<SimulatedBlock, 'bytes' | 'value' | 'partsRoot'>

/** What was heard at one height. */
interface Heard {
  readonly blocks: Map<string, ProposedBlock>
  readonly proposals: SignedProposal[]
  readonly votes: SignedVote[]
}

/** A height and a round in which somebody stands, or is about to. */
interface Place {
  readonly height: bigint
  readonly round: number
}

/** Votes of one height that are remembered; the last ones. */
const mostVotes = 400

/** The liar of a run. */
export class Liar {
  readonly #place: LiarPlace
  readonly #chance: Chance
  readonly #heard = new Map<bigint, Heard>()

  constructor(place: LiarPlace) {
    this.#place = place
    this.#chance = place.chance
  }

  /** Acts from now on, until the run ends. */
  start(): void {
    const { hear, after, plan } = this.#place
    hear((message) => this.#hear(message))
    const act = (): void => {
      this.#act()
      after(1 + this.#chance.below(2 * plan.lieEveryMs), act)
    }
    after(1, act)
  }

  #hear(message: Message): void {
    if (message.kind === 'vote') {
      const { votes } = this.#at(message.vote.height)
      votes.push(message.vote)
      if (votes.length > mostVotes) votes.shift()
    }
    if (message.kind === 'proposal')
      this.#at(message.proposal.height).proposals.push(message.proposal)
  }

  #at(height: bigint): Heard {
    const known = this.#heard.get(height) ?? { blocks: new Map(), proposals: [], votes: [] }
    this.#heard.set(height, known)
    return known
  }

  #act(): void {
    const chance = this.#chance
    const target = chance.pick(this.#place.targets())
    const shift = chance.pick([-2, -1, 0, 0, 0, 0, 0, 1, 1, 2, 9])
    const height = target.height + (chance.oneIn(20) ? 1n : 0n)
    const place = { height, round: Math.max(0, target.round + shift) }
    if (this.#place.liarsAt(height).length === 0) return
    const message = chance.weighted<() => Message | undefined>([
      [10, () => this.#vote(place)],
      [4, () => this.#proposal(place)],
      [3, () => this.#certificate(place)],
      [1, () => this.#spoilt(place)],
      [1, () => this.#old(place)],
      [1, () => this.#roundState(place)],
    ])()
    if (message) this.#send(message, target)
  }

  #send(message: Message, target: Target): void {
    const chance = this.#chance
    const { liarsAt, voted, targets, send } = this.#place
    if (message.kind === 'vote') {
      const { vote } = message
      if (liarsAt(vote.height).includes(vote.validatorIndex)) voted(vote)
    }
    const kind = chance.below(3)
    for (const { id } of targets()) {
      const isTold = kind === 0 || (kind === 1 ? id === target.id : chance.oneIn(2))
      if (isTold) send(id, message)
    }
  }

  #vote({ height, round }: Place): Message {
    const chance = this.#chance
    const type = chance.oneIn(2) ? 'prevote' : 'precommit'
    const value = this.#value({ height, round })
    const isPlain = type === 'precommit' || value === undefined
    const validRound = isPlain ? -1 : this.#validRound({ height, round }, value)
    return {
      kind: 'vote',
      vote: this.#sign({ instance: this.#place.instance, type, height, round, validRound, value }),
    }
  }

  /** A value that is alive in the round or at the height, nil, or one that nobody proposed. */
  #value({ height, round }: Place): Uint8Array | undefined {
    const chance = this.#chance
    const { proposals } = this.#at(height)
    const here = proposals.filter((proposal) => proposal.round === round)
    const kind = chance.below(12)
    if (kind < 6 && here.length > 0) return chance.pick(here).value
    if (kind < 9 && proposals.length > 0) return chance.pick(proposals).value
    return kind < 11 ? undefined : chance.bytes(32)
  }

  #validRound({ height, round }: Place, value: Uint8Array): number {
    const chance = this.#chance
    const named = this.#at(height).proposals.filter(
      (proposal) => proposal.round === round && proposal.value.toHex() === value.toHex(),
    )
    if (named.length > 0 && !chance.oneIn(4)) return chance.pick(named).validRound
    return chance.oneIn(2) ? -1 : chance.below(round + 1) - 1
  }

  /** As a rule in its turn: a block, another one, one that is invalid, or one of before with a true or a false polka. */
  #proposal({ height, round }: Place): Message | undefined {
    const chance = this.#chance
    const { instance, liarsAt, proposerOf, blockOf, newBlock, checkAt, salt } = this.#place
    const liars = liarsAt(height)
    const owner = proposerOf(height, round)
    const isOurs = owner !== undefined && liars.includes(owner)
    if (liars.length === 0) return undefined
    if (!isOurs && !chance.oneIn(12)) return undefined
    const { proposals, blocks } = this.#at(height)
    const again = proposals.length > 0 && chance.oneIn(2) ? chance.pick(proposals) : undefined
    const block = again
      ? (blocks.get(again.value.toHex()) ?? blockOf(again.value))
      : newBlock(height, chance.oneIn(6) ? round + 1 : round, !chance.oneIn(4))
    if (block === undefined) return undefined
    blocks.set(block.value.toHex(), block)
    const validRound = again && round > 0 ? chance.below(round + 1) - 1 : -1
    const content = {
      ...{ instance, height, round, validRound, value: block.value, partsRoot: block.partsRoot },
      ...{ partCount: Math.min(1, block.bytes.length), byteLength: block.bytes.length },
      validatorIndex: isOurs ? owner : chance.pick(liars),
    }
    const proposal = signProposal(content, checkAt(height), salt())
    proposals.push(proposal)
    return { kind: 'proposal', proposal, ...(block.bytes.length > 0 && { block: block.bytes }) }
  }

  /** Honest votes for something in the round, and its own; good if they are enough. */
  #certificate({ height, round }: Place): Message | undefined {
    const { votes } = this.#at(height)
    const here = votes.filter((vote) => vote.round === round && vote.value !== undefined)
    if (here.length === 0) return undefined
    const { instance, type, validRound, value } = this.#chance.pick(here)
    const alike = here.filter(
      (vote) =>
        vote.type === type &&
        vote.validRound === validRound &&
        vote.value?.toHex() === value?.toHex(),
    )
    const content = { instance, type, height, round, validRound, value }
    const { liarsAt, voted, checkAt } = this.#place
    const own = liarsAt(height).map((liar) => this.#sign(content, liar))
    for (const vote of own) voted(vote)
    const byVoter = new Map([...alike, ...own].map((vote) => [vote.validatorIndex, vote]))
    const { list } = checkAt(height).validators
    return {
      kind: 'certificate',
      certificate: quorumCertificate([...byVoter.values()], list.length),
    }
  }

  #spoilt(place: Place): Message | undefined {
    const message = this.#certificate(place)
    if (message?.kind !== 'certificate') return undefined
    const { certificate } = message
    const chance = this.#chance
    const signature = Uint8Array.from(certificate.signatures[0] ?? [])
    signature[3] = (signature[3] ?? 0) ^ 1
    const spoilt: readonly Certificate[] = [
      { ...certificate, signatures: certificate.signatures.with(0, signature) },
      { ...certificate, signatures: certificate.signatures.slice(1) },
      { ...certificate, round: certificate.round + 1 },
      { ...certificate, value: chance.bytes(32) },
      { ...certificate, signers: certificate.signers.map((byte) => byte ^ 255) },
      { ...certificate, type: certificate.type === 'polka' ? 'commit' : 'polka', validRound: -1 },
    ]
    return { kind: 'certificate', certificate: chance.pick(spoilt) }
  }

  /** Something that was said before, at this height or the last. */
  #old({ height }: Place): Message | undefined {
    const { votes } = this.#at(this.#chance.oneIn(2) ? height : height - 1n)
    if (votes.length === 0) return undefined
    return { kind: 'vote', vote: this.#chance.pick(votes) }
  }

  #roundState({ height, round }: Place): Message {
    const chance = this.#chance
    const map = () => chance.bytes(Math.ceil(this.#place.plan.weights.length / 8))
    return {
      kind: 'round-state',
      state: {
        ...{
          instance: this.#place.instance,
          height,
          round,
          step: chance.pick(['new', 'propose', 'precommit']),
        },
        ...{ lockedRound: -1, validRound: chance.below(4) - 1, hasProposal: chance.oneIn(2) },
        ...{ prevotes: [map(), map()], precommits: [map(), map()] },
      },
    }
  }

  #sign(content: VoteContent, liar?: number): SignedVote {
    const { liarsAt, checkAt, salt } = this.#place
    const validatorIndex = liar ?? this.#chance.pick(liarsAt(content.height))
    return signVote({ ...content, validatorIndex }, checkAt(content.height), salt())
  }
}

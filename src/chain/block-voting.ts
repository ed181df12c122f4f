/** Does what an engine asks for whose blocks are voted on: runs what is proposed, signs, tells others, and catches up. */

import { AppError } from '../base/app-error.ts'
import { equalBytes, toHex } from '../base/bytes.ts'
import type { Logger } from '../base/logger.ts'
import type { BuiltBlock } from './block-building.ts'
import type { ChainNetwork, Hearing, NetworkedChain } from './chain-network.ts'
import type { Effect, Input, StartOptions, Verdict } from './consensus/consensus.ts'
import { decodeMessage, encodeMessage } from './consensus/message-codec.ts'
import {
  type ConsensusMessage,
  type Evidence,
  type Instance,
  isDoubleSigning,
  type ValidatorSet,
  type VoteContent,
} from './consensus/messages.ts'
import { decodeDecidedBlock, encodeProofs } from './decided-block.ts'
import { type CatchUpProgress, DecidedCatchUp, type LateChain } from './decided-catch-up.ts'
import type { HeldEvidence } from './held-evidence.ts'
import type { Block } from './ledger/block.ts'
import type { Hash } from './ledger/transaction.ts'
import { PeerHeights } from './peer-heights.ts'
import { SigningQueue } from './validating/signing-queue.ts'
import type { ValidatorSigner } from './validating/validator-signer.ts'

type EffectOf<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>

/** The chain that is voted on. */
export interface VotingPlace extends Omit<LateChain, 'hear'> {
  readonly logger: Logger
  readonly nowMs: () => number
  /** What is decided: blocks, or which of them are final; and the last one that was, by its height or instance. */
  readonly instance: Instance
  readonly decided: () => bigint
  readonly feed: (input: Input) => void
  /** Does work on the chain when it is its turn. */
  readonly queue: (work: () => Promise<void>) => void
  /** Runs a block on the head without adding it; its header's rules come first. */
  readonly tryRun: (
    block: Block,
    isDecided: boolean,
  ) => Promise<BuiltBlock | Verdict | 'not-this-block'>
  readonly add: (built: BuiltBlock, proofs: Uint8Array) => Promise<void>
  /** The block of a height with its certificate. */
  readonly decidedBlock: (height: bigint) => Uint8Array | undefined
  /** The chain goes no further: why. */
  readonly halted: (error: AppError) => void
  readonly evidence: HeldEvidence | undefined
  /** Who signs a height, or signed it, or seems to have; and whether that is sure. */
  readonly signersAt: (height: bigint) => ValidatorSet | undefined
  readonly isJudge: (height: bigint) => boolean
  /** The first height that this node may vote on: before, it could not judge evidence. */
  readonly votesFrom: bigint
  /** Keys of this node. */
  readonly signers: readonly ValidatorSigner[]
  readonly isValidator: NetworkedChain['isValidator']
  /** What a peer said of its head where no vote is heard of it. */
  readonly headOf: (peer: string) => bigint | undefined
}

/** What of a chain is about votes, as the network sees it. */
type VotedChain = Pick<NetworkedChain, 'key' | 'hear' | 'hearBlock' | 'validator' | 'isValidator'>

/** Blocks that have been run and wait for the vote. */
const mostRun = 8

/** The votes of one chain. */
export class BlockVoting {
  readonly #place: VotingPlace
  /** Signs now, or will once the set has it. */
  #signer: ValidatorSigner | undefined
  #network: ChainNetwork | undefined
  #ran: readonly BuiltBlock[] = []
  readonly #signing: SigningQueue
  readonly #catchUp: DecidedCatchUp
  readonly #heights = new PeerHeights()
  /** What the engine said of the message that it was given. */
  #heard: Hearing = 'ignore'
  /** Nothing is signed before this height is over. */
  #silentUntil: bigint | undefined

  constructor(place: VotingPlace) {
    this.#place = place
    this.#signer = place.signers[0]
    this.#signing = new SigningQueue({ ...place, signer: () => this.#signer })
    this.#catchUp = new DecidedCatchUp({ ...place, hear: (bytes) => this.#hearBlock(bytes) })
  }

  join(network: ChainNetwork | undefined): void {
    this.#network = network
    this.#catchUp.join(network)
    // Those who are linked already may be ahead.
    this.catchUp()
  }

  /** The chain as the network sees it. */
  networked(key: Hash): VotedChain {
    const { isValidator } = this.#place
    return {
      ...{ key, isValidator },
      validator: () => this.#signer?.linkKey,
      hear: (from, bytes) => this.#hear(from, bytes),
      hearBlock: (bytes) => this.#hearBlock(bytes),
    }
  }

  /**
   * Who the engine signs as, and what it has signed of what is decided after this. A log that is lost while its guard has
   * signed further makes a node wait until that height is over.
   */
  start(decided: bigint): Pick<StartOptions, 'self' | 'logged' | 'evidence'> {
    return { ...this.#standing(decided), evidence: this.#place.evidence?.found ?? [] }
  }

  #standing(decided: bigint): Pick<StartOptions, 'self' | 'logged'> {
    const { logger } = this.#place
    const signer = this.#choose()
    if (signer === undefined) return {}
    const { validator, logged, guard } = signer
    const { instance, votesFrom } = this.#place
    const signed = guard.highest(instance)?.height ?? 0n
    const next = decided + 1n
    if (next < votesFrom) {
      this.#silentUntil = this.#quietUntil(signed)
      const height = String(votesFrom)
      logger.warn('this node joined too late to judge all evidence: it votes later', { height })
      return {}
    }
    if (signed <= decided || logged?.height === signed) {
      if (logged?.height !== next) void this.begin(next, Promise.resolve())
      return { self: validator, logged }
    }
    this.#silentUntil = signed
    logger.warn(
      'the log of this validator is not there: it signs nothing before a height is over',
      {
        height: String(signed),
      },
    )
    return {}
  }

  /** Does what an engine asks for, if it is about votes; false if it is not. */
  take(effect: Effect): boolean {
    const { logger, queue } = this.#place
    switch (effect.kind) {
      case 'check-block':
        queue(() => this.#check(effect))
        return true
      case 'set-head':
        return this.#decide(effect)
      case 'sign':
        this.#signing.add(effect)
        return true
      case 'broadcast':
        this.#broadcast(effect)
        return true
      case 'help':
        this.#help(effect)
        return true
      case 'want-block':
        this.catchUp()
        return true
      case 'report':
        logger.warn('a validator has signed twice', { kind: effect.evidence.kind })
        return true
      case 'keep-evidence':
        this.#place.evidence?.keep(effect.evidence)
        return true
      case 'heard':
        this.#heard = effect.as === 'good' ? 'accept' : effect.as
        return true
      case 'halt':
        this.#halt(effect)
        return true
      default:
        return false
    }
  }

  /** Keeps a block that this node has built. */
  keep(built: BuiltBlock): void {
    this.#ran = [...this.#ran.slice(1 - mostRun), built]
  }

  /** A block came into the chain: what was run beside it is of no use any more. */
  moved(): void {
    this.#ran = []
    this.#signing.moved()
    this.#catchUp.came()
    const { decided, instance, feed, nowMs } = this.#place
    const before = this.#signer
    const signer = this.#choose()
    const number = decided()
    if (signer !== before) {
      this.#network?.validatorChanged()
      const signed = signer?.guard.highest(instance)?.height ?? 0n
      const until = this.#quietUntil(signed)
      this.#silentUntil = until > number ? until : undefined
    }
    const isOver = this.#silentUntil !== undefined && number >= this.#silentUntil
    if (isOver) this.#silentUntil = undefined
    if (this.#silentUntil !== undefined || this.#signing.hasGivenUp) return
    if (signer !== before || isOver) {
      feed({ kind: 'signer', self: signer?.validator, nowMs: nowMs() })
    }
  }

  /** The last height on which a node must not vote whose guard has signed up to one. */
  #quietUntil(signed: bigint): bigint {
    const { votesFrom } = this.#place
    return signed < votesFrom ? votesFrom - 1n : signed
  }

  /** The key that the next height is signed by: the first in the set, or the one before if none is. */
  #choose(): ValidatorSigner | undefined {
    const { signers, isValidator } = this.#place
    this.#signer = signers.find(({ validator }) => isValidator(validator.address)) ?? this.#signer
    return this.#signer
  }

  /** Gets what others have decided, if they are ahead. */
  catchUp(): void {
    const voters = this.#place.validators()?.list ?? []
    if (voters.length > 0) void this.#catchUp.run()
  }

  /** How far the catching up is, while it is under way. */
  get syncing(): CatchUpProgress | undefined {
    return this.#catchUp.progress
  }

  /** The links; `undefined` for a node that has none. */
  get network(): Pick<ChainNetwork, 'peers' | 'addPeer'> | undefined {
    const network = this.#network
    return (
      network && {
        addPeer: (address) => network.addPeer(address),
        peers: () =>
          network.peers().map((peer) => ({
            ...peer,
            height: this.#heights.get(peer.id) ?? this.#place.headOf(peer.id),
          })),
      }
    )
  }

  #hear(from: string, bytes: Uint8Array): Hearing {
    this.#heard = 'ignore'
    return this.#decoded(() => {
      const message = decodeMessage(bytes)
      const height = heightOf(message)
      if (height !== undefined) this.#heights.note(from, height - 1n)
      this.#place.feed({
        ...{ kind: 'message', from, message, nowMs: this.#place.nowMs() },
        ...(message.kind === 'evidence' && { signers: this.#signersOf(message.evidence) }),
      })
      const isUnsure =
        message.kind === 'evidence' &&
        isDoubleSigning(message.evidence) &&
        !this.#place.isJudge(message.evidence.a.height)
      return isUnsure && this.#heard !== 'accept' ? 'ignore' : this.#heard
    })
  }

  #signersOf(evidence: Evidence): ValidatorSet | undefined {
    return isDoubleSigning(evidence) ? this.#place.signersAt(evidence.a.height) : undefined
  }

  #hearBlock(bytes: Uint8Array): Hearing {
    return this.#decoded(() => {
      const { nowMs, feed } = this.#place
      feed({ kind: 'block-synced', ...decodeDecidedBlock(bytes), nowMs: nowMs() })
      return 'accept'
    })
  }

  #decoded(hear: () => Hearing): Hearing {
    try {
      return hear()
    } catch (error) {
      if (error instanceof AppError) return 'bad-encoding'
      throw error
    }
  }

  #broadcast({ message, to, isAgain = false }: EffectOf<'broadcast'>): void {
    const bytes = encodeMessage(message)
    if (message.kind === 'round-state') this.#network?.sayState(bytes)
    else if (message.kind === 'part' && !to && !isAgain) this.#network?.sayPart(bytes)
    else this.#network?.say(bytes, to)
  }

  /** Ends the links, and what is being signed. */
  async stop(): Promise<void> {
    this.#catchUp.stop()
    this.#network?.leave()
    await this.#signing.stop()
    const { signers, evidence } = this.#place
    await Promise.all([...signers.map((signer) => signer.close()), evidence?.close()])
  }

  async #check({ hash, block, isDecided }: EffectOf<'check-block'>): Promise<void> {
    const { tryRun, feed, nowMs } = this.#place
    const known = this.#ranBlock(hash)
    const ran = known ?? (await tryRun(block, isDecided))
    if (isRun(ran) && !known) this.keep(ran)
    const verdict = isRun(ran) ? ({ kind: 'valid' } as const) : ran
    feed({ kind: 'block-checked', hash, verdict, nowMs: nowMs() })
  }

  #decide({ hash, proof, parentProof, polkas = [], block }: EffectOf<'set-head'>): boolean {
    if (proof === undefined) return false
    const { queue, head, add } = this.#place
    queue(async () => {
      const built = this.#ranBlock(hash) ?? (block && (await this.#again(block)))
      const parent = built?.executed.block.header.parentHash
      if (!built || !parent || !equalBytes(parent, head().hash)) return
      // What the next height signs waits until the log of this one is cut, and that until the block is on disk.
      const stored = add(built, encodeProofs({ proof, parentProof, polkas }))
      // The addition tells of the block in a later turn, after this.
      void this.begin(built.executed.block.header.number + 1n, stored)
      await stored
    })
    return true
  }

  /** Runs a decided block that gave way to later ones. */
  async #again(block: Block): Promise<BuiltBlock | undefined> {
    const ran = await this.#place.tryRun(block, true)
    return isRun(ran) ? ran : undefined
  }

  /** What is signed for a height or instance waits until the log is at it, and that until what was before is stored. */
  begin(height: bigint, stored: Promise<void>): Promise<void> {
    return this.#signing.begin(height, stored)
  }

  #help({ to, height }: EffectOf<'help'>): void {
    const bytes = this.#place.decidedBlock(height)
    if (bytes) this.#network?.giveBlock(to, bytes)
  }

  #halt({ height, round, hash, contradicts }: EffectOf<'halt'>): void {
    const why = contradicts ? `and ${toHex(contradicts)} before` : 'which this node finds invalid'
    const message = `consensus-failure: a quorum decided ${toHex(hash)} at height ${height} in round ${round}, ${why}; more than a third of the validators is faulty, or this program is: compare versions and logs before it goes on`
    const error = new AppError({ code: 'chain/consensus-failure', message })
    this.#place.logger.error(message, {})
    this.#place.halted(error)
  }

  #ranBlock(hash: Hash): BuiltBlock | undefined {
    return this.#ran.find(({ executed }) => equalBytes(executed.block.hash, hash))
  }
}

/** The height that a message is about; who sends it has the one before. */
function heightOf(message: ConsensusMessage): bigint | undefined {
  if (message.kind === 'vote') return ofBlocks(message.vote)
  if (message.kind === 'proposal') return ofBlocks(message.proposal)
  if (message.kind === 'round-state') return ofBlocks(message.state)
  return message.kind === 'part' ? message.height : undefined
}

function ofBlocks({ instance, height }: Pick<VoteContent, 'instance' | 'height'>) {
  return instance === 0 ? height : undefined
}

function isRun(ran: BuiltBlock | Verdict | 'not-this-block'): ran is BuiltBlock {
  return typeof ran === 'object' && 'executed' in ran
}

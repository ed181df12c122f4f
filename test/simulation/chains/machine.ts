/** Runs one node of a chain: the driver as it is, on a disk, a clock and links that fail. */

import type { Logger } from '../../../src/base/logger.ts'
import { noMetrics } from '../../../src/base/metrics.ts'
import { ChainCheckpoints } from '../../../src/chain/chain-checkpoints.ts'
import { ChainDerived } from '../../../src/chain/chain-derived.ts'
import { ChainDriver } from '../../../src/chain/chain-driver.ts'
import { openChainLog } from '../../../src/chain/chain-log.ts'
import type { ChainParts } from '../../../src/chain/chain-parts.ts'
import { ChainPast } from '../../../src/chain/chain-past.ts'
import type { Instance } from '../../../src/chain/consensus/messages.ts'
import { votesOn } from '../../../src/chain/final-points.ts'
import { HeldEvidence } from '../../../src/chain/held-evidence.ts'
import { isWorked } from '../../../src/chain/ledger/manifest.ts'
import { CheckingThreads } from '../../../src/chain/txpool/checking-threads.ts'
import {
  openValidatorSigner,
  signingLogFile,
  type ValidatorSigner,
} from '../../../src/chain/validating/validator-signer.ts'
import { NodeClock } from '../node-clock.ts'
import { PropertyFailure } from '../observer.ts'
import { isHybrid } from './engine-watch.ts'
import { type Life, MachineDisk } from './machine-disk.ts'
import { MachineLinks } from './machine-links.ts'
import { Pick } from './machine-pick.ts'
import type { MachinePlace, RunPlace } from './places.ts'

type KeptOfVotes = { readonly [Part in 'finals' | 'evidence']?: ChainParts[Part] }

/** What the clocks show when a run begins. */
export const epochMs = 1_000_000_000

/** A machine with one node on it. */
export class Machine implements MachinePlace {
  readonly id: number
  readonly validator: number
  readonly world: RunPlace
  readonly disk: MachineDisk
  readonly links: MachineLinks
  /** The chain, while the machine is up and has opened it. */
  chain: ChainDriver | undefined
  /** What the guard's file held when this life began. */
  guardAtStart = new Uint8Array()
  /** What its engine remembers; absent when it is down. */
  engineState: unknown
  readonly #clock: NodeClock
  #pick: Pick | undefined
  #life: Life & { isOver: boolean } = { isOver: true, acts: () => false, after: () => {} }
  #crash:
    | {
        actsLeft: number
        readonly loses: 'log' | 'folder' | undefined
        readonly crashed: () => void
      }
    | undefined

  constructor(id: number, world: RunPlace) {
    const { plan } = world
    this.id = id
    this.world = world
    this.validator = world.validators[id] as number
    this.disk = new MachineDisk(world.chance('disk'), plan.syncMs)
    this.#clock = new NodeClock(world, plan.drifts[id] ?? 0, plan.skewsMs[id] ?? 0)
    this.links = new MachineLinks(this)
  }

  get isUp(): boolean {
    return !this.#life.isOver
  }

  /** Whether the rules bind it. */
  get isCorrect(): boolean {
    return !this.world.isFaulty(this.validator)
  }

  get height(): bigint {
    return this.chain?.head().header.number ?? 0n
  }

  /** The last height, or instance, that is over for it. */
  get decided(): bigint {
    const votes = this.engineState
    return isHybrid(votes) ? votes.votes.last.instance : this.height
  }

  /** What its clock shows; whole milliseconds, as systems give them. */
  nowMs(): number {
    return epochMs + Math.floor(this.#clock.ownMs())
  }

  /** Starts, from what the disk holds. */
  boot(): void {
    const life = this.#newLife()
    this.guardAtStart = this.disk.guard.slice()
    this.#open(life).then(
      () => {},
      (error: unknown) => {
        // It does not start on such a disk; who mends it starts it again.
        if (this.disk.isFailing) this.world.observer.count('disk failed')
        else this.world.fail(error)
      },
    )
  }

  /** Stops after so many acts, and calls back when it has. */
  crashAfter(actsLeft: number, loses: 'log' | 'folder' | undefined, crashed: () => void): void {
    if (!this.isUp || this.#crash) return
    this.#crash = { actsLeft, loses, crashed }
    if (actsLeft === 0) this.crashNow()
  }

  /** Stops, if it was to stop. */
  crashNow(): void {
    const crash = this.#crash
    if (!this.isUp || crash === undefined) return
    this.#crash = undefined
    this.#life.isOver = true
    this.chain = undefined
    this.engineState = undefined
    this.#pick = undefined
    this.#clock.stop()
    this.links.cut()
    this.disk.crash()
    if (crash.loses === 'log') this.disk.lose(this.signingLog)
    if (crash.loses === 'folder') {
      this.disk.lose()
      this.world.forgot(this)
    }
    this.world.tell(this.id, () => `stops${crash.loses ? ` and loses its ${crash.loses}` : ''}`)
    crash.crashed()
  }

  /** Its engine has taken a step. */
  watched(state: unknown): void {
    this.engineState = state
  }

  /** Searches what the chain wants a nonce for, if that is another block than before. */
  mine(): void {
    this.#pick?.look()
  }

  /** Nothing more is written from now on. */
  failDisk(): void {
    if (this.isUp) this.disk.isFailing = true
  }

  jumpClock(byMs: number): void {
    this.#clock.jump(byMs)
  }

  /** The name of its validator's log. */
  get signingLog(): string {
    const own = this.world.ground.members[this.validator]
    return own ? signingLogFile(own.address) : ''
  }

  #newLife(): Life & { isOver: boolean } {
    const life = {
      isOver: false,
      acts: () => {
        if (life.isOver) return false
        if (this.#crash) this.#crash.actsLeft -= 1
        if (this.#crash && this.#crash.actsLeft <= 0) this.crashNow()
        return !life.isOver
      },
      after: (ms: number, run: () => void) =>
        this.world.after(ms, () => {
          if (!life.isOver) run()
        }),
    }
    this.#life = life
    return life
  }

  /** Opens the chain as `createChain` does, on this machine's disk. */
  async #open(life: Life): Promise<void> {
    const { world, disk } = this
    const { manifest, key, rules, genesis, evm, members } = world.ground
    const engine = world.engineFor(this)
    const logger = this.#logger(life)
    const past = new ChainPast(128)
    const log = await openChainLog({
      ...{ folder: '', key, logger, open: disk.openLog(life) },
      listener: {
        begin: () => past.add(genesis.executed.block, genesis.state.hold()),
        resume: () => {},
        block: (block, difference) => past.add(block, past.state.apply(difference)),
        rewind: (number, changes) => past.rewindTo(number, changes),
        change: (difference) => past.change(past.state.apply(difference)),
      },
    })
    past.check(manifest.name)
    const derived = new ChainDerived(manifest, genesis.executed.block.hash, log)
    const own = members[this.validator]
    const payTo = own?.payTo ?? new Uint8Array(20)
    const isMined = isWorked(manifest.consensus)
    const signers =
      manifest.consensus.engine !== 'pow' ? await this.#openSigners(life, votesOn(engine)) : []
    if (life.isOver) return
    const checkpoints = new ChainCheckpoints(
      {
        ...{ archive: undefined, folder: '', log, past, logger, isOfOldest: isMined },
        ...{ genesisRoot: genesis.executed.block.header.stateRoot },
        ...{ memoryBytes: Number.MAX_SAFE_INTEGER, tailBytes: Number.MAX_SAFE_INTEGER },
      },
      undefined,
    )
    const chain = new ChainDriver({
      ...{ engine, evm, rules, key, past, log, derived, checkpoints },
      signers,
      ...(await this.#openKept(life, votesOn(engine))),
      ...{ archive: undefined, genesis: genesis.executed, base: undefined, folder: '' },
      birthState: () => genesis.state.hold(),
      options: {
        ...{ manifest, folder: '', beneficiary: payTo },
        ...(isMined && { mining: { payTo, threads: 0 } }),
      },
      dependencies: {
        ...{ logger, metrics: noMetrics, clock: { nowMs: () => this.nowMs() } },
        timer: {
          after: (ms, run) => (life.acts() ? this.#clock.wait(ms, run) : () => {}),
        },
        threads: new CheckingThreads({ signerThreads: 0, logger }),
        chance: () => world.chance('work').below(2 ** 30) / 2 ** 30,
        turns: () => () => undefined,
        schemes: world.ground.schemes,
        join: this.links.join(life),
      },
    })
    this.chain = chain
    world.opened(this, derived)
    chain.subscribe((event) => {
      if (event.kind === 'head' && !life.isOver) world.moved(this, derived, event)
    })
    await chain.start()
    if (!life.isOver) this.links.start(life)
    this.#pick = new Pick(this, life)
  }

  /** What a node keeps of votes, beside what it signs with. */
  async #openKept(life: Life, instance: Instance): Promise<KeptOfVotes> {
    if (this.world.plan.engine === 'pow') return {}
    const open = this.disk.openNewest(life)
    return {
      finals: instance === 1 ? await open('finals') : undefined,
      evidence: await HeldEvidence.open('', this.#logger(life), open),
    }
  }

  /** What its validator signs with. */
  async #openSigners(life: Life, instance: Instance): Promise<readonly ValidatorSigner[]> {
    const { world, disk } = this
    const { key: chainKey, members } = world.ground
    const own = members[this.validator]
    if (own === undefined) return []
    const signer = await openValidatorSigner(
      { key: world.ground.keyOf(own, () => world.salt()), guardFile: '' },
      {
        ...{ folder: '', chainKey, logger: this.#logger(life), instance },
        files: { guard: disk.openGuard(life), log: disk.openLog(life) },
      },
    )
    return [signer]
  }

  /** Operators are told of a branch of more work that parts before what is final: it is no fault of the node. */
  #isRefusal(message: string, fields: Parameters<Logger['error']>[1]): boolean {
    if (!message.startsWith('reorg-too-deep') || !isHybrid(this.engineState)) return false
    return BigInt(String(fields?.fork)) < this.engineState.votes.last.number
  }

  /** What a node calls an error is one, unless its disk was made to fail. */
  #logger(life: Life): Logger {
    const { world } = this
    return {
      debug: () => {},
      info: () => {},
      warn: (message, fields) => {
        if (life.isOver) return
        world.tell(this.id, () => `warns: ${message} ${JSON.stringify(fields ?? {})}`)
        world.observer.count(message.split(':')[0] ?? message)
      },
      error: (message, fields) => {
        if (life.isOver) return
        world.tell(this.id, () => `says: ${message} ${JSON.stringify(fields ?? {})}`)
        if (this.disk.isFailing) world.observer.count('disk failed')
        else if (this.#isRefusal(message, fields)) world.observer.count('refused more work')
        else if (this.isCorrect)
          world.fail(new PropertyFailure('log', `node ${this.id}: ${message} ${fields?.error}`))
      },
    }
  }
}

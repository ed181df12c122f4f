/** Runs one validator: the core, with the order of things that a driver keeps, on a disk that loses what was not synced. */

import {
  type LoggedCore,
  newCore,
  resumeCore,
  stepCore,
} from '../../src/chain/consensus/bft-core.ts'
import type {
  CoreEffect,
  CoreInput,
  CoreResult,
  CoreRules,
  CoreState,
  Decision,
} from '../../src/chain/consensus/core-state.ts'
import type { SignedProposal, SignedVote } from '../../src/chain/consensus/messages.ts'
import { type HeldMessages, nothingHeld } from '../../src/chain/consensus/next-height.ts'
import { type Timeouts, timeoutMs } from '../../src/chain/consensus/timeouts.ts'
import type { SimulatedBlock } from './blocks.ts'
import { type LogRecord, SimulatedDisk } from './disk.ts'
import type { Message } from './message.ts'
import { NodeClock } from './node-clock.ts'
import { PropertyFailure } from './observer.ts'
import { guardedProposal, guardedVote } from './signing.ts'
import { checkTurn } from './turn-check.ts'
import { firstTurns, isSomebodyAbsent, proposersAt, type Turns, turnsAfter } from './turns.ts'
import { effectWords } from './words.ts'
import type { World } from './world.ts'

/** Waits of the rounds of a run. */
export const timeouts: Timeouts = {
  base: { propose: 500, prevote: 250, precommit: 250 },
  delta: { propose: 250, prevote: 125, precommit: 125 },
  max: 30_000,
}

/** A node that is a validator; what it hears comes in by `gossip.ts`. */
export class SimulatedNode {
  readonly id: number
  readonly validator: number
  readonly world: World
  readonly disk = new SimulatedDisk()
  /** Blocks by value, whose bytes are here. */
  readonly blocks = new Map<string, SimulatedBlock>()
  isUp = false
  core: CoreState = newCore(1n)
  rules: CoreRules
  held: HeldMessages = nothingHeld
  /** Told when a height begins, or the node is up again; and when a height is final. */
  onNewHeight: () => void = () => {}
  onFinal: (height: bigint, round: number) => void = () => {}
  #clock: NodeClock
  #turns: Turns
  /** No node's life before a crash goes on after it. */
  #life = 0
  /** It is to stop after some more effects. */
  #crash: { effectsLeft: number; isLogLost: boolean; crashed: () => void } | undefined
  /** Nothing is signed before this height is final: the log is gone, and the guard knows more. */
  #observesUntil = 0n
  #syncedAtMs = 0
  #loggedPolkaRound = -1

  constructor(id: number, world: World) {
    this.id = id
    this.world = world
    this.validator = world.validators[id] as number
    this.#clock = new NodeClock(world, 0)
    this.#turns = firstTurns(world.check.validators)
    this.rules = this.#rulesNow()
  }

  /** The height that is being decided. */
  get height(): bigint {
    return this.core.height
  }

  get finalHeight(): bigint {
    return BigInt(this.disk.blocks.synced)
  }

  /** Starts, from what the disk holds. */
  boot(): void {
    const { world, disk } = this
    this.isUp = true
    this.#clock = new NodeClock(world, world.plan.drifts[this.id] ?? 0)
    this.#turns = firstTurns(world.check.validators)
    for (const { block, certificate } of disk.blocks.items) {
      world.observer.final(this, this.#turns.height, block, certificate)
      this.#turns = turnsAfter(this.#turns, block.bornRound, world.plan)
    }
    const { height } = this.#turns
    const guarded = disk.guard.last?.height ?? 0n
    if (disk.log.items.length === 0 && guarded > 0n) {
      world.observer.count('log lost')
      this.#observesUntil = guarded + 1n
    }
    this.rules = this.#rulesNow()
    const logged = this.#loggedCore(height)
    if (logged === undefined) this.#beginHeight(height)
    else this.#resume(logged)
    this.onNewHeight()
  }

  /** Stops after so many effects, and calls back when it has. */
  crashAfter(effects: number, isLogLost: boolean, crashed: () => void): void {
    if (!this.isUp || this.#crash) return
    this.#crash = { effectsLeft: effects, isLogLost, crashed }
    if (effects === 0) this.crashNow()
  }

  /** Stops, if it was to stop. */
  crashNow(): void {
    const crash = this.#crash
    if (!this.isUp || crash === undefined) return
    this.isUp = false
    this.#life += 1
    this.#clock.stop()
    this.disk.crash(this.world.chance('disk'), crash.isLogLost)
    this.blocks.clear()
    this.held = nothingHeld
    this.#syncedAtMs = 0
    this.#crash = undefined
    this.world.tell(this.id, () => 'stops')
    crash.crashed()
  }

  jumpClock(byMs: number): void {
    this.#clock.jump(byMs)
  }

  /** Waits by the node's own clock, unless it stops before. */
  wait(ms: number, run: () => void): void {
    this.#clock.wait(ms, run)
  }

  /** Gives an input to the core, and does what comes of it. */
  take(input: CoreInput): void {
    if (!this.isUp) return
    const before = this.core
    const result = stepCore(this.rules, before, input)
    this.world.observer.stepped(before, input, result.state, result.effects)
    this.#perform(result)
  }

  /** A block's bytes are here; its check takes a while, and is of no use at another height. */
  takeBlock(block: SimulatedBlock): void {
    const key = block.value.toHex()
    if (this.blocks.has(key)) return
    this.blocks.set(key, block)
    const { height } = this
    this.#later(this.world.chance('work').below(this.world.plan.checkMs), () => {
      if (this.height === height) this.takeChecked(block)
    })
  }

  /** A block was found valid or not. */
  takeChecked({ value, isValid, bornRound }: SimulatedBlock): void {
    this.take({ kind: 'value-checked', value, isValid, bornRound })
  }

  #beginHeight(height: bigint): void {
    this.disk.log.replace({ kind: 'height', height })
    this.core = newCore(height)
    this.#loggedPolkaRound = -1
    const { held } = this
    this.held = nothingHeld
    this.wait(this.world.plan.paceMs[this.id] ?? 0, () => this.take({ kind: 'start' }))
    for (const proposal of held.proposals) this.take({ kind: 'proposal', proposal })
    for (const vote of held.votes) this.take({ kind: 'vote', vote })
    for (const { value } of held.proposals) {
      const block = this.blocks.get(value.toHex())
      if (block) this.takeChecked(block)
    }
  }

  #resume(logged: LoggedCore): void {
    this.world.observer.count('restart in a height')
    this.#loggedPolkaRound = logged.validRound
    const result = resumeCore(this.rules, logged)
    this.#perform(result)
    if (this.core.round < 0) this.take({ kind: 'start' })
  }

  /**
   * What log and guard say of a height; nothing when they are about another. Either may have got further when the node
   * stopped: what only the guard has was signed and never sent, and goes on from there.
   */
  #loggedCore(height: bigint): LoggedCore | undefined {
    const { log, guard } = this.disk
    const of = <K extends LogRecord['kind']>(kind: K) =>
      log.items.filter((item): item is Extract<LogRecord, { kind: K }> => item.kind === kind)
    const last = of('core').at(-1)?.place
    const logged = last?.height === height ? last : undefined
    const guarded = guard.last?.height === height ? guard.last.message : undefined
    if (log.items.length === 0 || (logged === undefined && guarded === undefined)) return undefined
    const place = logged ?? newCore(height)
    const polka = of('polka').findLast((record) => record.polka.round === place.validRound)?.polka
    const checkedValues = of('block').map(({ block }) => block)
    for (const block of checkedValues) this.blocks.set(block.value.toHex(), block)
    const votes = logged ? of('vote').map(({ vote }) => vote) : []
    const proposals = logged ? of('proposal').map(({ proposal }) => proposal) : []
    if (guarded && 'type' in guarded) votes.push(guarded)
    else if (guarded) proposals.push(guarded)
    return { ...place, validPolka: polka, checkedValues, proposals, votes }
  }

  /** Does what the core asks for, in order; what it signs leaves together, once the log is on the disk. */
  #perform({ state, effects }: CoreResult): void {
    const life = this.#life
    this.core = state
    const leaving: Message[] = []
    for (const effect of effects) {
      if (this.#crash !== undefined) {
        this.#crash.effectsLeft -= 1
        if (this.#crash.effectsLeft <= 0) this.crashNow()
      }
      if (life !== this.#life) return
      this.world.tell(this.id, () => effectWords(effect))
      checkTurn(this.rules, state, effect)
      leaving.push(...this.#effect(effect))
    }
    if (leaving.length === 0) return
    this.#sync(() => {
      for (const message of leaving) this.#leave(message)
    })
  }

  #effect(effect: CoreEffect): readonly Message[] {
    const { world } = this
    switch (effect.kind) {
      case 'build':
        this.#build(effect.round)
        return []
      case 'propose':
        return this.#propose(effect)
      case 'vote':
        return this.#vote(effect)
      case 'schedule': {
        const { timer } = effect
        this.wait(timeoutMs(timeouts, timer.kind, timer.round), () =>
          this.take({ kind: 'timeout', timer }),
        )
        return []
      }
      case 'send':
        world.broadcast(this.id, { kind: 'certificate', certificate: effect.certificate })
        return []
      case 'decide':
        this.#finalize(effect.decision)
        return []
      case 'report':
        world.observer.reported(effect.evidence)
        return []
      case 'consensus-failure':
        throw new PropertyFailure('S2', `node ${this.id}: a quorum commits an invalid block`)
    }
  }

  #build(round: number): void {
    const { height, world } = this
    this.#later(1 + world.chance('work').below(world.plan.buildMs), () => {
      if (this.height !== height) return
      const block = world.newBlock(round)
      this.blocks.set(block.value.toHex(), block)
      this.takeChecked(block)
      this.take({ kind: 'built', round, value: block.value })
    })
  }

  #propose(effect: Extract<CoreEffect, { kind: 'propose' }>): readonly Message[] {
    const { round, validRound, value, polka } = effect
    const block = this.blocks.get(value.toHex())
    if (block === undefined || !this.#maySign()) return []
    const proposal = guardedProposal(this.world, this.disk, {
      ...{ instance: 0, height: this.height, round, validRound, value },
      ...{ partsRoot: block.partsRoot, partCount: 1, byteLength: block.bytes.length },
      validatorIndex: this.validator,
    })
    if (proposal === undefined) return this.#refused()
    this.#log([block.value], { kind: 'proposal', proposal })
    const whole: Message = { kind: 'proposal', proposal, block: block.bytes }
    return polka ? [{ kind: 'certificate', certificate: polka }, whole] : [whole]
  }

  #vote({ vote }: Extract<CoreEffect, { kind: 'vote' }>): readonly Message[] {
    if (!this.#maySign()) return []
    const content = { ...vote, validatorIndex: this.validator }
    const signed = guardedVote(this.world, this.disk, content)
    if (signed === undefined) return this.#refused()
    const { lockedValue, validValue } = this.core
    const named = [vote.value, lockedValue, validValue].filter((value) => value !== undefined)
    this.#log(named, { kind: 'vote', vote: signed })
    return [{ kind: 'vote', vote: signed }]
  }

  /** Blocks that are voted for, the polka, where the core stands, and only then what it signs. */
  #log(values: readonly Uint8Array[], record: LogRecord): void {
    const { log } = this.disk
    const isLogged = (value: Uint8Array) =>
      log.items.some((item) => item.kind === 'block' && item.block.value.toHex() === value.toHex())
    for (const value of values) {
      const block = this.blocks.get(value.toHex())
      if (block && !isLogged(value)) log.items.push({ kind: 'block', block })
    }
    const { height, round, step, lockedRound, lockedValue, validRound, validValue, validPolka } =
      this.core
    if (validPolka && validRound > this.#loggedPolkaRound) {
      log.items.push({ kind: 'polka', polka: validPolka })
      this.#loggedPolkaRound = validRound
    }
    const place = { height, round, step, lockedRound, lockedValue, validRound, validValue }
    log.items.push({ kind: 'core', place }, record)
  }

  #refused(): readonly Message[] {
    this.world.observer.count('signed nothing twice')
    return []
  }

  #maySign(): boolean {
    return this.finalHeight >= this.#observesUntil
  }

  /** A signed message is heard by its own core first. */
  #leave(message: Message): void {
    if (message.kind === 'vote') this.#leaves(message.vote)
    if (message.kind === 'proposal') this.#leaves(message.proposal)
    this.world.broadcast(this.id, message)
  }

  #leaves(message: SignedVote | SignedProposal): void {
    const { observer } = this.world
    if ('type' in message) {
      observer.voted(message)
      this.take({ kind: 'vote', vote: message })
    } else {
      observer.proposed(message)
      this.take({ kind: 'proposal', proposal: message })
    }
  }

  #finalize({ value, proof }: Decision): void {
    const block = this.blocks.get(value.toHex())
    if (block === undefined) {
      throw new PropertyFailure('S2', `node ${this.id} decided a block that it never saw`)
    }
    const { height } = this
    this.disk.blocks.items.push({ block, certificate: proof })
    this.#sync(() => {
      this.world.observer.final(this, height, block, proof)
      this.onFinal(height, proof.round)
      this.#turns = turnsAfter(this.#turns, block.bornRound, this.world.plan)
      this.rules = this.#rulesNow()
      this.#beginHeight(height + 1n)
      this.onNewHeight()
    })
  }

  /** Calls back when all that is written now is on the disk; what was written before is there before. */
  #sync(done: () => void): void {
    const { nowMs, plan } = this.world
    const reached = this.disk.sync()
    this.#syncedAtMs = Math.max(
      this.#syncedAtMs,
      nowMs + this.world.chance('disk').below(plan.syncMs),
    )
    this.#later(this.#syncedAtMs - nowMs, () => {
      reached()
      done()
    })
  }

  #later(ms: number, run: () => void): void {
    const life = this.#life
    this.world.after(ms, () => {
      if (life === this.#life) run()
    })
  }

  #rulesNow(): CoreRules {
    const { validators } = this.world.check
    if (isSomebodyAbsent(this.#turns)) this.world.observer.count('left out of turns')
    return { instance: 0, validators, self: this.validator, proposerOf: proposersAt(this.#turns) }
  }
}

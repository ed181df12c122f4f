/** Lets many validators decide blocks in virtual time, by the engine, the signatures and the gossip of the node. */

import type { ChainNetwork, Hearing, NetworkedChain } from '../src/chain/chain-network.ts'
import { engineBirth } from '../src/chain/consensus/birth.ts'
import type {
  ConsensusEngine,
  Effect,
  HeadSummary,
  Input,
} from '../src/chain/consensus/consensus.ts'
import { createEngine } from '../src/chain/consensus/create-engine.ts'
import { type Derived, emptyDerived } from '../src/chain/consensus/derived.ts'
import {
  decodeMessage,
  encodeMessage,
  signedMessage,
} from '../src/chain/consensus/message-codec.ts'
import { decodeRecord } from '../src/chain/consensus/record.ts'
import { validatorSet } from '../src/chain/consensus/validator-set.ts'
import { genesisOf } from '../src/chain/genesis.ts'
import type { Block } from '../src/chain/ledger/block.ts'
import { headerHash } from '../src/chain/ledger/block-codec.ts'
import { chainRules } from '../src/chain/ledger/fork-schedule.ts'
import type { Manifest } from '../src/chain/ledger/manifest.ts'
import { parseManifest } from '../src/chain/ledger/manifest-codec.ts'
import type { Transaction } from '../src/chain/ledger/transaction.ts'
import { keccak256 } from '../src/crypto/keccak.ts'
import { type SigningKey, signingKey } from '../src/crypto/signatures.ts'
import type { Network } from '../src/network/network.ts'
import { joinBy } from '../src/node/peer-links.ts'
import { EventQueue } from '../test/simulation/event-queue.ts'
import { type Lines, VirtualHost, VirtualNetwork } from './virtual-links.ts'

/** What is simulated. */
export interface VirtualChain {
  readonly validators: number
  readonly scheme: 'ed25519' | 'ml-dsa-65'
  readonly lines: Lines
  /** Of each block. */
  readonly transactions: readonly Transaction[]
  /** What is charged for running a block, and for a small durable write, in ms. */
  readonly executeMs: number
  readonly fsyncMs: number
  readonly blocks: number
}

/** What came of one block. */
export interface DecidedBlock {
  /** From the proposer's signature to the last validator that has it as its head, in ms. */
  readonly commitMs: number
  /** The round that it was proposed in. */
  readonly round: number
}

/** What came of all. */
export interface VirtualOutcome {
  readonly decided: readonly DecidedBlock[]
  /** Of a validator and block, the mean. */
  readonly messages: number
  readonly bytes: number
  /** Collections of the heap that all share, which nobody is charged for, in ms. */
  readonly collectedMs: number
}

type EffectOf<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>

/** Runs a chain until it has so many blocks. */
export function runValidators(chain: VirtualChain): VirtualOutcome {
  const queue = new EventQueue()
  const keys = Array.from({ length: chain.validators }, (_, at) =>
    signingKey(chain.scheme, keccak256(Uint8Array.of(at >> 8, at & 255))),
  )
  const manifest = manifestFor(keys)
  const world = { chain, queue, manifest, proposedMs: new Map<string, number>() }
  const nodes = keys.map((key, at) => new VirtualNode(world, key, at))
  for (const node of nodes) {
    for (const other of nodes) if (other !== node) node.network.link(other.network)
  }
  queue.at(5_000, () => {
    for (const { host } of nodes) Object.assign(host.sent, { messages: 0, bytes: 0 })
    for (const node of nodes) node.start()
  })
  const isDone = () => nodes.every(({ decided }) => decided.length >= chain.blocks)
  let height = 0
  while (!isDone()) {
    if (!queue.next()) throw new Error('nothing more happens')
    if (nodes.some(({ decided }) => decided.length === height)) continue
    // Most of what is collected is so outside of a block.
    height += 1
    globalThis.gc?.()
  }
  const decided = Array.from({ length: chain.blocks }, (_, at) => {
    const commits = nodes.map((node) => node.decided[at] as Decision)
    const { hash, round } = commits[0] as Decision
    const last = Math.max(...commits.map(({ atMs }) => atMs))
    return { commitMs: last - (world.proposedMs.get(hash) ?? 0), round }
  })
  const share = chain.validators * chain.blocks
  const sum = (of: 'messages' | 'bytes') =>
    nodes.reduce((total, { host }) => total + host.sent[of], 0) / share
  const collectedMs = nodes.reduce((total, { host }) => total + host.collectedMs, 0) / share
  return { decided, messages: sum('messages'), bytes: sum('bytes'), collectedMs }
}

interface World {
  readonly chain: VirtualChain
  readonly queue: EventQueue
  readonly manifest: Manifest
  /** When each block was signed by who proposed it, by hash. */
  readonly proposedMs: Map<string, number>
}

interface Decision {
  readonly hash: string
  readonly round: number
  readonly atMs: number
}

/** A validator: what the node's driver does, in its order, with what the disk and the machine take as charges. */
class VirtualNode {
  readonly host: VirtualHost
  readonly network: VirtualNetwork
  readonly decided: Decision[] = []
  readonly #world: World
  readonly #key: SigningKey
  readonly #engine: ConsensusEngine<unknown>
  readonly #links: ChainNetwork
  readonly #blocks = new Map<string, Block>()
  #state: unknown
  #head: Block
  #derived: Derived
  #heard: Hearing = 'ignore'
  #alarm = 0

  constructor(world: World, key: SigningKey, at: number) {
    const { queue, manifest, chain } = world
    this.#world = world
    this.#key = key
    this.host = new VirtualHost(key.publicKey.subarray(0, 32).toHex(), queue, chain.lines)
    this.network = new VirtualNetwork(this.host, at + 1, queue)
    this.#engine = createEngine(manifest, chainRules(manifest), { chainKey })
    this.#head = genesisOf(manifest).executed.block
    this.#derived = engineBirth(manifest.consensus)?.derived ?? emptyDerived
    this.#links = joinBy(this.network as unknown as Network)(this.#networked())
  }

  start(): void {
    this.host.work(() => {
      const self = this.#derived.validators.list.find(
        ({ publicKey }) => publicKey.toHex() === this.#key.publicKey.toHex(),
      )
      const { header } = this.#head
      const head = summaryOf(this.#head)
      const nowMs = this.#nowMs()
      const step = this.#engine.start({ head, header, derived: this.#derived, self, nowMs })
      this.#take(step.state, step.effects)
    })
  }

  /** As much of a chain as votes need. */
  #networked(): NetworkedChain {
    const chain: Partial<NetworkedChain> = {
      ...{ key: chainKey, validator: () => undefined, isValidator: () => true },
      hear: (from, bytes) => {
        this.#heard = 'ignore'
        this.#feed({ kind: 'message', from, message: decodeMessage(bytes), nowMs: this.#nowMs() })
        return this.#heard
      },
      hearTransaction: async () => 'ignore',
      peerCame: () => {},
      peerWent: () => {},
      hearBlock: () => 'ignore',
    }
    return chain as NetworkedChain
  }

  #nowMs(): number {
    return birthMs + this.#world.queue.nowMs
  }

  #feed(input: Input): void {
    const { state, effects } = this.#engine.step(this.#state, input)
    this.#take(state, effects)
  }

  /** Work of its own, such as an answer of the disk: not before what is under way is done. */
  #later(delayMs: number, run: () => void): void {
    const { queue } = this.#world
    this.host.after(() => queue.at(queue.nowMs + delayMs, () => this.host.work(run)))
  }

  #take(state: unknown, effects: readonly Effect[]): void {
    this.#state = state
    for (const effect of effects) this.#perform(effect)
  }

  #perform(effect: Effect): void {
    const { executeMs } = this.#world.chain
    switch (effect.kind) {
      case 'wake-at':
        this.#wakeAt(effect.atMs)
        return
      case 'build-block':
        this.host.charge(executeMs)
        this.#later(0, () => {
          const block = this.#built(effect)
          this.#feed({ kind: 'block-built', request: effect.request, block })
        })
        return
      case 'check-block':
        this.#blocks.set(effect.hash.toHex(), effect.block)
        this.host.charge(executeMs)
        this.#later(0, () => {
          const { hash } = effect
          const verdict = { kind: 'valid' } as const
          this.#feed({ kind: 'block-checked', hash, verdict, nowMs: this.#nowMs() })
        })
        return
      case 'sign':
        this.#sign(effect)
        return
      case 'broadcast':
        this.#broadcast(effect)
        return
      case 'heard':
        this.#heard = effect.as === 'good' ? 'accept' : effect.as
        return
      case 'set-head':
        this.#decide(effect)
        return
      case 'help':
      case 'want-block':
        throw new Error('a validator is behind: these lines lose nothing')
      case 'halt':
      case 'report':
        throw new Error(`no validator is faulty here: ${effect.kind}`)
    }
  }

  #wakeAt(atMs: number): void {
    this.#alarm += 1
    const alarm = this.#alarm
    this.#world.queue.at(atMs - birthMs, () => {
      if (alarm !== this.#alarm) return
      this.host.work(() => this.#feed({ kind: 'tick', nowMs: this.#nowMs() }))
    })
  }

  #built({ draft }: EffectOf<'build-block'>): Block {
    const { header: parent, hash: parentHash } = this.#head
    const { record, ...fields } = draft
    const header = { ...parent, ...fields, parentHash, number: parent.number + 1n }
    const { transactions } = this.#world.chain
    const hash = headerHash(header)
    const block = { header, hash, transactions, ommers: [], withdrawals: [], record }
    this.#blocks.set(hash.toHex(), block)
    return block
  }

  #sign({ unsigned, validatorIndex, signBytes }: EffectOf<'sign'>): void {
    const signature = this.#key.sign(signBytes)
    const message = signedMessage(unsigned, { validatorIndex, signature })
    if (unsigned.kind === 'proposal') {
      const { proposedMs, queue } = this.#world
      this.host.after(() => proposedMs.set(unsigned.content.value.toHex(), queue.nowMs))
    }
    this.#later(this.#world.chain.fsyncMs, () =>
      this.#feed({ kind: 'message', from: 'self', message, nowMs: this.#nowMs() }),
    )
  }

  #broadcast({ message, to, isAgain }: EffectOf<'broadcast'>): void {
    const bytes = encodeMessage(message)
    if (message.kind === 'round-state') this.#links.sayState(bytes)
    else if (message.kind === 'part' && !to && !isAgain) this.#links.sayPart(bytes)
    else this.#links.say(bytes, to)
  }

  #decide({ hash }: EffectOf<'set-head'>): void {
    const block = this.#blocks.get(hash.toHex())
    if (block?.record === undefined) throw new Error('a block was decided that nobody checked')
    const { record: encoded, header } = block
    const record = decodeRecord(encoded)
    this.#later(this.#world.chain.fsyncMs, () => {
      const read = { storage: () => new Uint8Array(32) }
      const closed = this.#engine.closeBlock?.(this.#derived, { header, record }, read)
      this.#derived = closed?.derived ?? this.#derived
      this.#head = block
      this.#blocks.clear()
      const atMs = this.#world.queue.nowMs
      this.decided.push({ hash: hash.toHex(), round: record.round, atMs })
      const derived = this.#derived
      const head = summaryOf(block)
      this.#feed({ kind: 'block-imported', head, header, derived, nowMs: this.#nowMs() })
    })
  }
}

const birthMs = 1_800_000_000_000
const chainKey = keccak256(new TextEncoder().encode('virtual validators'))

function summaryOf({ header, hash, record }: Block): HeadSummary {
  const { number, parentHash: parent, timestamp } = header
  const timeMs = record ? decodeRecord(record).timeMs : 0
  const timestampMs = timestamp * 1_000n + BigInt(timeMs)
  return { number, hash, parent, timestampMs, finalNumber: number }
}

/** The waits are those for sets that are spread over the world. */
function manifestFor(keys: readonly SigningKey[]): Manifest {
  const { list } = validatorSet(
    keys.map(({ scheme, publicKey }, at) => ({
      ...{ scheme, publicKey, weight: 1n, payTo: new Uint8Array(20).fill(at + 1) },
    })),
  )
  const wait = { baseMs: 3_000, deltaMs: 500 }
  return parseManifest(
    JSON.stringify({
      ...{ version: 1, name: 'virtual', chainId: 7, hardfork: 'osaka' },
      consensus: {
        ...{ engine: 'bft', blockTimeMs: 1_000 },
        timeouts: { propose: wait, prevote: wait, precommit: wait },
        validators: list.map(({ scheme, publicKey, payTo }) => ({
          ...{ scheme, publicKey: `0x${publicKey.toHex()}`, payTo: `0x${payTo.toHex()}` },
        })),
      },
      genesis: {
        ...{ timestamp: birthMs / 1_000, gasLimit: '1000000000', baseFeePerGas: '7' },
        ...{ extraData: '0x', accounts: [] },
      },
    }),
  )
}

/** Builds a node's links: who may have one, which chains use them, and how peers stand. */

import { AppError } from '../base/app-error.ts'
import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Metrics } from '../base/metrics.ts'
import { ChannelSet } from './channel/channel-set.ts'
import type { Ending, Farewell } from './link/farewell.ts'
import type { Greeted } from './link/greeting.ts'
import { type ChainEntry, encodeHello, type Hello } from './link/hello.ts'
import type { Link, LinkBounds } from './link/link.ts'
import { type Measures, networkMeasures } from './measures.ts'
import type {
  Applicant,
  Ban,
  Channel,
  ChannelRules,
  Endpoint,
  Fault,
  Network,
  PeerId,
  PeerView,
} from './network.ts'
import { usualBounds } from './network-bounds.ts'
import { linkHello, type NodeIdentity, type Role } from './node-identity.ts'
import { peerFaults } from './peer-faults.ts'
import type { AddressBook } from './peers/address-book.ts'
import { AddressExchange } from './peers/address-exchange.ts'
import { readRecord, signRecord } from './peers/address-record.ts'
import { readBook, writeBook } from './peers/book-file.ts'
import { type Candidate, DialPlan } from './peers/dial-plan.ts'
import { Doorway, type OwnHello } from './peers/doorway.ts'
import { type Beacon, LanDiscovery, type LanOptions } from './peers/lan-discovery.ts'
import { type FrameTaker, Peer, type PeerFacts, type PeerListener } from './peers/peer.ts'
import { readPeerAddress } from './peers/peer-address.ts'
import { hasPlace, isNewKept, type Places } from './peers/places.ts'
import { Reputation } from './scores/reputation.ts'

/** What a node does with links. */
export interface NetworkOptions {
  readonly identity: NodeIdentity
  /** Name and version of the program, told to peers: at most 64 visible characters. */
  readonly agent: string
  /** Where to listen; a node without it only opens links, as behind a NAT. */
  readonly listen?: Endpoint
  /** Numeric addresses at which others reach this node, told to all; at most 4. */
  readonly announce?: readonly Endpoint[]
  /** Peers to keep links to: `ID@HOST:PORT` or `HOST:PORT`. */
  readonly peers?: readonly string[]
  /** Where known peers and bans are kept; in memory unless said. */
  readonly folder?: string
  /** Finds nodes of the local network. */
  readonly lan?: LanOptions
  /** Whether a peer may have a link: an allow-list; all may unless said. */
  isAllowed?(peer: Applicant): boolean
  readonly bounds?: Partial<NetworkBounds>
}

/** Bounds of links, and how many there are. */
export interface NetworkBounds extends LinkBounds {
  readonly places: Places
}

/** What a node's links need of the machine. */
export interface NetworkDependencies {
  readonly clock: Clock
  readonly timer: Timer
  readonly logger: Logger
  readonly metrics: Metrics
  /** 0 to 1, but 1. */
  readonly chance: () => number
}

/** Looks after links: whom to connect to, once a second. */
const tickMs = 1_000
const writeBookMs = 300_000

/** Links that have not begun. @throws AppError `network/bad-address` */
export function createNetwork(options: NetworkOptions, dependencies: NetworkDependencies): Network {
  return new NodeNetwork(options, dependencies)
}

class NodeNetwork implements Network, PeerListener {
  readonly #options: NetworkOptions
  readonly #bounds: NetworkBounds
  readonly #around: NetworkDependencies
  readonly #measures: Measures
  readonly #peers = new Map<PeerId, Peer>()
  readonly #channels: ChannelSet
  readonly #doorway: Doorway
  readonly #plan: DialPlan
  readonly #book: AddressBook
  readonly #exchange: AddressExchange
  readonly #reputation: Reputation
  readonly #lan: LanDiscovery | undefined
  #record: Uint8Array = new Uint8Array()
  #writtenMs: number
  #state: 'new' | 'running' | 'stopped' = 'new'
  #cancelTick: () => void = () => {}
  /** Attempts that are under way. */
  readonly #dialling = new Set<Promise<void>>()

  constructor(options: NetworkOptions, dependencies: NetworkDependencies) {
    const { clock, timer, logger, metrics, chance } = dependencies
    this.#options = options
    this.#around = dependencies
    this.#bounds = { ...usualBounds, ...options.bounds }
    this.#measures = networkMeasures(metrics, () => this.peers())
    const { book, bans } = readBook(options.folder, logger)
    this.#book = book
    this.#reputation = new Reputation(bans)
    this.#plan = new DialPlan(book)
    for (const address of options.peers ?? []) this.#want(address)
    this.#writtenMs = clock.nowMs()
    const score = (peer: Peer, fault: Fault) => this.score(peer, fault)
    const peers = () => this.#peers.values()
    this.#channels = new ChannelSet({
      ...{ id: this.id, logger, measures: this.#measures, timer, peers, score },
      relays: this.#bounds.relays,
      nowMs: () => clock.nowMs(),
    })
    this.#exchange = new AddressExchange({ book, nowMs: () => clock.nowMs(), chance, score })
    this.#doorway = new Doorway({
      ...{ clock, timer, bounds: this.#bounds },
      ownHello: (role, exporter) => this.#ownHello(role, exporter),
      admit: (greeted, link, facts) => this.#admit(greeted, link, facts),
    })
    this.#lan =
      options.lan &&
      new LanDiscovery(options.lan, {
        ...{ timer, logger, chance },
        beacon: () => this.#beacon(),
        heard: (beacon, endpoint) => this.#heard(beacon, endpoint),
      })
  }

  get id(): PeerId {
    return this.#options.identity.id
  }

  endpoint(): Endpoint | undefined {
    return this.#doorway.endpoint
  }

  async start(): Promise<void> {
    const { listen, identity, announce = [] } = this.#options
    if (listen) await this.#doorway.listen(listen)
    if (announce.length > 0) {
      const sequence = Math.floor(this.#around.clock.nowMs())
      this.#record = readRecord(signRecord(identity, announce, sequence)).bytes
    }
    this.#state = 'running'
    await this.#lan?.start()
    this.#tick()
  }

  async stop(): Promise<void> {
    if (this.#state === 'stopped') return
    this.#state = 'stopped'
    this.#cancelTick()
    await this.#lan?.stop()
    await this.#doorway.close()
    await Promise.all(this.#dialling)
    await this.#writeBook()
  }

  join(rules: ChannelRules): Channel {
    return this.#channels.join(rules)
  }

  peers(): readonly PeerView[] {
    const nowMs = this.#around.clock.nowMs()
    return [...this.#peers.values()].map(({ id, agent, facts, link }) => ({
      ...{ id, agent, endpoint: facts.endpoint, isDialled: facts.isDialled },
      ...{ isNamed: this.#isNamed(id), since: facts.sinceMs },
      ...{ score: this.#reputation.scoreOf(id, nowMs), roundTripMs: link.roundTripMs },
      ...{ received: { ...link.received }, sent: { ...link.sent } },
      ...{ waiting: link.waiting, dropped: link.dropped },
    }))
  }

  addPeer(address: string): void {
    this.#want(address)
    this.#dial()
  }

  removePeer(id: PeerId): void {
    this.#plan.unwant(id)
    this.#book.forget(id)
    this.#peers.get(id)?.link.close('removed')
  }

  bans(): readonly Ban[] {
    return this.#reputation.bans(this.#around.clock.nowMs())
  }

  ban(id: PeerId, durationMs: number): void {
    this.#reputation.ban(id, this.#around.clock.nowMs() + durationMs)
    this.#peers.get(id)?.link.close('banned')
  }

  pardon(id: PeerId): void {
    this.#reputation.pardon(id)
  }

  recheck(): void {
    for (const { id, link } of this.#peers.values()) {
      const validators = this.#channels.provenOf(id)
      if (!this.#isAllowed({ id, validators })) link.close('not-allowed')
    }
  }

  taker(channel: number): FrameTaker | undefined {
    return channel === 0 ? this.#exchange : this.#channels.taker(channel)
  }

  opened(peer: Peer): void {
    this.#channels.opened(peer)
  }

  entered(peer: Peer, entry: ChainEntry): void {
    this.#channels.entered(peer, entry)
  }

  left(peer: Peer, entry: ChainEntry): void {
    this.#channels.left(peer, entry)
  }

  score(peer: Peer, fault: Fault): void {
    this.#measures.fault(fault.name)
    const nowMs = this.#around.clock.nowMs()
    const isValidator = this.#channels.isValidator(peer.id)
    if (!this.#reputation.score(peer.id, fault, { nowMs, isValidator })) return
    this.#measures.banned()
    this.#around.logger.warn('a peer is sent away', { peer: peer.id, fault: fault.name })
    peer.link.close('fault')
  }

  closed(peer: Peer, { reason, isOurs }: Ending): void {
    const { clock, chance, logger } = this.#around
    const nowMs = clock.nowMs()
    if (isOurs && reason === 'bad-frame') this.score(peer, peerFaults.badEncoding)
    this.#channels.gone(peer)
    if (this.#peers.get(peer.id) !== peer) return
    this.#peers.delete(peer.id)
    this.#measures.linked(this.#peers.size)
    this.#plan.lost(peer.id, nowMs - peer.facts.sinceMs, { nowMs, chance: chance() })
    logger.debug('a peer is gone', { peer: peer.id, reason, isOurs })
  }

  #admit(greeted: Greeted, link: Link, facts: PeerFacts): Peer | Farewell {
    const { clock, timer, logger } = this.#around
    const { id, hello } = greeted
    const nowMs = clock.nowMs()
    if (this.#state !== 'running') return 'stopping'
    if (id === this.id) return 'self'
    if (this.#reputation.isBanned(id, nowMs)) return 'banned'
    const { exporter } = facts
    const validators = this.#channels.provenBy(hello.chains, { exporter, id })
    if (!this.#isAllowed({ id, validators })) return 'not-allowed'
    const old = this.#peers.get(id)
    const { isDialled } = facts
    if (old && !isNewKept({ wasDialled: old.facts.isDialled, isDialled }, this.id, id)) {
      return 'duplicate'
    }
    const isNamed = validators.some(({ isPresent }) => isPresent) || this.#plan.isWanted(id)
    if (!isNamed && !this.#isOfUse(hello)) return 'no-common-chain'
    const others = [...this.#peers.values()]
      .filter((peer) => peer !== old)
      .map((peer) => ({ isDialled: peer.facts.isDialled, isNamed: this.#isNamed(peer.id) }))
    if (!hasPlace({ isDialled, isNamed }, others, this.#bounds.places)) return 'full'
    const peer = new Peer(greeted, facts, { link, timer, listener: this })
    old?.link.close('duplicate')
    this.#peers.set(id, peer)
    this.#measures.linked(this.#peers.size)
    this.#exchange.learnOwn(id, hello.record)
    this.#book.linked(id, nowMs)
    logger.debug('a peer is linked', { peer: id, agent: hello.agent, isDialled })
    return peer
  }

  #isAllowed(peer: Applicant): boolean {
    return this.#options.isAllowed?.(peer) ?? true
  }

  /** Whether a peer has a place of its own. */
  #isNamed(id: PeerId): boolean {
    return this.#plan.isWanted(id) || this.#channels.isValidator(id)
  }

  /** Whether a peer shares a chain with this node, or one of them has none yet. */
  #isOfUse({ chains }: Hello): boolean {
    const isOpen = chains.length === 0 || this.#channels.keys().length === 0
    return isOpen || chains.some((entry) => this.#channels.has(entry))
  }

  #want(address: string): void {
    const { endpoint, expected } = readPeerAddress(address)
    if (this.#plan.want(endpoint, expected)) return
    const message = 'there are as many addresses of peers as there is room for; remove some'
    throw new AppError({ code: 'network/bad-address', message })
  }

  #ownHello(role: Role, exporter: Uint8Array): OwnHello {
    const { identity, agent } = this.#options
    const { scheme, publicKey } = identity.key
    const signature = identity.key.sign(linkHello(role, exporter, this.id))
    const chains = this.#channels.entries(exporter)
    const bytes = encodeHello({
      ...{ node: { scheme, publicKey, signature }, agent, record: this.#record },
      port: this.endpoint()?.port ?? 0,
      chains,
    })
    return { bytes, told: chains }
  }

  #beacon(): Beacon | undefined {
    const port = this.endpoint()?.port
    if (port === undefined) return undefined
    return { id: this.id, port, chains: this.#channels.keys() }
  }

  #heard({ id, chains }: Beacon, endpoint: Endpoint): void {
    const isOfUse = this.#channels.keys().length === 0 || this.#channels.hasKeyLike(chains)
    if (id === this.id || !isOfUse) return
    this.#plan.noteNearby(endpoint, id)
    this.#dial()
  }

  #tick(): void {
    const { timer, clock } = this.#around
    this.#cancelTick = timer.after(tickMs, () => this.#tick())
    this.#dial()
    if (clock.nowMs() - this.#writtenMs < writeBookMs) return
    this.#writtenMs = clock.nowMs()
    void this.#writeBook()
  }

  #dial(): void {
    if (this.#state !== 'running') return
    const { clock, chance } = this.#around
    const nowMs = clock.nowMs()
    const strangers = [...this.#peers.values()].filter(
      (peer) => peer.facts.isDialled && !this.#isNamed(peer.id),
    )
    const room = this.#bounds.places.outbound - strangers.length
    const chosen = this.#plan.next({
      ...{ nowMs, room, chance: chance() },
      isLinked: (id) => id === this.id || this.#peers.has(id),
      isBarred: (id) => this.#reputation.isBanned(id, nowMs) || !this.#isAllowed({ id }),
    })
    for (const candidate of chosen) {
      const attempt = this.#try(candidate).finally(() => this.#dialling.delete(attempt))
      this.#dialling.add(attempt)
    }
    if (room > 0) for (const peer of this.#peers.values()) void this.#exchange.ask(peer)
  }

  async #try(candidate: Candidate): Promise<void> {
    const outcome = await this.#doorway.dial(candidate)
    const { clock, chance, logger } = this.#around
    if (outcome.id !== undefined) this.#plan.linked(candidate, outcome.id)
    else if (outcome.reason === 'self') this.#plan.isSelf(candidate)
    else {
      logger.debug('no link', { ...candidate.endpoint, reason: outcome.reason })
      this.#plan.failed(candidate, { nowMs: clock.nowMs(), chance: chance() })
    }
  }

  async #writeBook(): Promise<void> {
    const { folder } = this.#options
    if (folder === undefined) return
    try {
      await writeBook(folder, this.#book, this.bans())
    } catch (error) {
      this.#around.logger.warn('the file of known peers cannot be written', { error })
    }
  }
}

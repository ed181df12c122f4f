/** Gets a snapshot for a chain that is not begun: proof, chunks, state; after a kill it goes on with what is on disk. */

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { AppError } from '../../base/app-error.ts'
import { toHex } from '../../base/bytes.ts'
import type { Logger } from '../../base/logger.ts'
import type { ChainNetwork } from '../chain-network.ts'
import { decodeFinality, encodeFinality, type TrustedPoint } from '../consensus/finality-proof.ts'
import { decodeRlp, encodeRlp, rlpBytes, rlpList } from '../ledger/rlp.ts'
import type { Hash } from '../ledger/transaction.ts'
import { fetchChunks } from './chunk-fetch.ts'
import { ChunkStore, dropJoining, joiningFolder, keepPlan } from './chunk-store.ts'
import { installBase } from './install-base.ts'
import { askOffer, type FoundBase, findBase, type PeerOffer } from './peer-offers.ts'
import { provenBase } from './proven-base.ts'
import { type SnapshotOffer, syncMessages } from './sync-messages.ts'

/** How far the joining is. */
export interface JoinProgress {
  readonly phase: 'peers' | 'proof' | 'chunks' | 'state'
  readonly done: number
  readonly of: number
}

/** What came of it. */
export type JoinResult =
  /** The chain begins with the block of this number. */
  | { readonly kind: 'joined'; readonly number: bigint }
  /** There is no snapshot to be had, or it is not worth it: the chain is to be got block by block. */
  | { readonly kind: 'left'; readonly reason: string }

/** What is to be joined, and how. */
export interface Joining {
  /** Of the chain. */
  readonly folder: string
  readonly trusted: TrustedPoint
  readonly genesisRoot: Hash
  /** Blocks that the chain must be ahead for a snapshot to be worth it. */
  readonly farBehind: bigint
  /** How long somebody is waited for, and how long after the first for others. */
  readonly waitMs: number
  readonly graceMs: number
  readonly network: Pick<ChainNetwork, 'ask' | 'score' | 'peers'>
  readonly logger: Logger
  readonly tell: (progress: JoinProgress) => void
  readonly isOver: () => boolean
}

interface Plan extends FoundBase {
  readonly offer: SnapshotOffer
}

/** Between two looks at who is linked. */
const lookMs = 100

/** One try to join a chain. */
export class SnapshotJoin {
  readonly #joining: Joining
  readonly #offers = new Map<string, PeerOffer>()
  /** Snapshots that turned out to be another state. */
  readonly #refused = new Set<string>()

  constructor(joining: Joining) {
    this.#joining = joining
  }

  /** @throws AppError `chain/over` when it was ended before; what is on disk is gone on with */
  async run(): Promise<JoinResult> {
    const resumed = await this.#resumed()
    if (resumed && (await this.#follow(resumed))) return this.#joined(resumed)
    await this.#hear()
    const { farBehind, trusted, folder } = this.#joining
    for (;;) {
      this.#mustGoOn()
      const heads = [...this.#offers.values()].map(({ head }) => head)
      if (heads.length === 0) return left('nobody of the chain answers')
      const ahead = heads.reduce((a, b) => (a > b ? a : b)) - trusted.number
      if (ahead < farBehind) return left(`it is ${ahead} blocks behind, which are soon run`)
      const plan = await this.#planned()
      if (plan === undefined) return left('nobody has a snapshot that holds')
      await dropJoining(joiningFolder(folder))
      await keepPlan(joiningFolder(folder), encodePlan(plan))
      if (await this.#follow(plan)) return this.#joined(plan)
    }
  }

  async #joined({ base: { number } }: Plan): Promise<JoinResult> {
    await dropJoining(joiningFolder(this.#joining.folder))
    return { kind: 'joined', number }
  }

  /** Asks all who are linked, until some have answered. */
  async #hear(): Promise<void> {
    const { network, waitMs, graceMs, tell } = this.#joining
    const asked = new Set<string>()
    const startMs = performance.now()
    let answeredMs = Number.POSITIVE_INFINITY
    for (;;) {
      this.#mustGoOn()
      for (const { id } of network.peers()) {
        if (asked.has(id)) continue
        asked.add(id)
        void askOffer(network, id).then((found) => {
          if (found) this.#offers.set(id, found)
          if (found) answeredMs = Math.min(answeredMs, performance.now())
        })
      }
      tell({ phase: 'peers', done: this.#offers.size, of: asked.size })
      const nowMs = performance.now()
      if (nowMs - startMs >= waitMs || nowMs - answeredMs >= graceMs) return
      await pause(Math.min(lookMs, graceMs, waitMs))
    }
  }

  /** The newest snapshot that is proven, of those that most have. */
  async #planned(): Promise<Plan | undefined> {
    const { network, trusted, tell } = this.#joining
    const names = [...this.#offers.values()].map(({ offer }) => offer && nameOf(offer))
    const votes = (offer: SnapshotOffer) => names.filter((one) => one === nameOf(offer)).length
    const usable = [...this.#offers.values()].flatMap(({ peer, offer }) =>
      offer && offer.number >= trusted.number && !this.#refused.has(nameOf(offer))
        ? [{ peer, offer }]
        : [],
    )
    const best = usable.toSorted(
      (a, b) => votes(b.offer) - votes(a.offer) || Number(b.offer.number - a.offer.number),
    )
    for (const [at, one] of best.entries()) {
      this.#mustGoOn()
      tell({ phase: 'proof', done: at, of: best.length })
      const found = await findBase(network, one, trusted)
      if (found) return { ...found, offer: one.offer }
      this.#offers.delete(one.peer)
    }
    return undefined
  }

  /** What was decided before the process ended, if it still holds. */
  async #resumed(): Promise<Plan | undefined> {
    const folder = joiningFolder(this.#joining.folder)
    const bytes = await readFile(path.join(folder, 'plan')).catch(() => undefined)
    if (bytes === undefined) return undefined
    try {
      const { offer, way } = decodePlan(bytes)
      const base = provenBase(offer, way, this.#joining.trusted)
      if (!('refused' in base)) return { offer, way, base }
    } catch (error) {
      if (!(error instanceof AppError)) throw error
    }
    await dropJoining(folder)
    return undefined
  }

  /** Gets and installs a snapshot; false when it cannot be had, or is another state than it should be. */
  async #follow({ offer, base }: Plan): Promise<boolean> {
    const { folder, network, trusted, genesisRoot, tell, isOver, logger } = this.#joining
    const store = await ChunkStore.open(joiningFolder(folder), offer)
    const progress = () => tell({ phase: 'chunks', done: store.size, of: store.count })
    progress()
    try {
      const peers = store.size < store.count ? await this.#whoHas(offer) : []
      const isWhole = await fetchChunks({
        ...{ number: offer.number, plan: offer, store, peers, network, isOver },
        ...{ pause, tell: progress },
      })
      this.#mustGoOn()
      if (!isWhole) {
        for (const peer of peers) this.#offers.delete(peer)
        return false
      }
      await installBase(base, store, {
        ...{ folder, key: trusted.chainKey, genesisRoot },
        tell: (portion) => tell({ phase: 'state', done: portion, of: 1 }),
      })
      return true
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'state/bad-snapshot') throw error
      logger.warn(`a snapshot is left: ${error.message}`, { root: toHex(offer.root) })
      this.#refused.add(nameOf(offer))
      for (const { peer, offer: own } of this.#offers.values()) {
        if (own && nameOf(own) === nameOf(offer)) network.score(peer, 'bad-body')
      }
      return false
    } finally {
      await store.close()
    }
  }

  /** Peers that have the same snapshot. */
  async #whoHas(offer: SnapshotOffer): Promise<readonly string[]> {
    const { network } = this.#joining
    if (this.#offers.size === 0) await this.#hear()
    const found: string[] = []
    for (const { peer, offer: own } of [...this.#offers.values()]) {
      if (own && nameOf(own) === nameOf(offer)) found.push(peer)
      else {
        const older = await askOffer(network, peer, offer.number)
        if (older?.offer && nameOf(older.offer) === nameOf(offer)) {
          this.#offers.set(peer, older)
          found.push(peer)
        }
      }
    }
    return found
  }

  #mustGoOn(): void {
    if (!this.#joining.isOver()) return
    const message = 'the joining was ended; it goes on with what is on disk'
    throw new AppError({ code: 'chain/over', message })
  }
}

function left(reason: string): JoinResult {
  return { kind: 'left', reason }
}

function nameOf({ number, root, byteLength }: SnapshotOffer): string {
  return `${number} ${byteLength} ${root.toHex()}`
}

function encodePlan({ offer, way }: Plan): Uint8Array {
  const encoded = syncMessages.offer.encode({ head: 0n, what: offer })
  return encodeRlp([encoded, encodeFinality(way.proof), way.next])
}

/** @throws AppError `ledger/bad-rlp`, … for what no plan is */
function decodePlan(bytes: Uint8Array): Pick<Plan, 'offer' | 'way'> {
  const [encoded, proof, next] = rlpList(decodeRlp(bytes), 'the plan', 3)
  const { what } = syncMessages.offer.decode(rlpBytes(encoded, 'the offer'))
  if (what === undefined) throw new AppError({ code: 'ledger/bad-rlp', message: 'no offer' })
  const way = {
    proof: decodeFinality(rlpBytes(proof, 'the proof')),
    next: rlpBytes(next, 'the next proof'),
  }
  return { offer: what, way }
}

/** Hears which snapshots peers have, and gets proofs of the blocks that they are of. */

import { AppError } from '../../base/app-error.ts'
import type { ChainNetwork } from '../chain-network.ts'
import {
  checkFinality,
  decodeFinality,
  type FinalityProof,
  type TrustedPoint,
} from '../consensus/finality-proof.ts'
import { schemes } from '../consensus/schemes.ts'
import { chainedProof, type ProvenBase, provenBase, type WayToBase } from './proven-base.ts'
import { isLater, type SnapshotOffer, syncMessages } from './sync-messages.ts'

type Links = Pick<ChainNetwork, 'ask' | 'score' | 'peers'>

/** What a peer says that it has. */
export interface PeerOffer {
  readonly peer: string
  readonly head: bigint
  readonly offer: SnapshotOffer | undefined
}

/** A way with the base that it leads to. */
export interface FoundBase {
  readonly base: ProvenBase
  readonly way: WayToBase
}

/** Proofs that are asked of one peer for one way at most. */
const mostPages = 4_096

/** What a peer offers: its newest snapshot, or that of a block. */
export async function askOffer(
  network: Links,
  peer: string,
  number = 0n,
): Promise<PeerOffer | undefined> {
  const answer = await network.ask(peer, 'snapshot', syncMessages.wanted.encode(number))
  if (answer === undefined || isLater(answer)) return undefined
  try {
    const { head, what } = syncMessages.offer.decode(answer)
    return { peer, head, offer: what }
  } catch (error) {
    return lied(network, peer, error)
  }
}

/** Gets the way to the block of an offer from the peer that made it; one that lies is scored. */
export async function findBase(
  network: Links,
  { peer, offer }: { readonly peer: string; readonly offer: SnapshotOffer },
  trusted: TrustedPoint,
): Promise<FoundBase | undefined> {
  const way = await askWay(network, peer, { trusted, to: offer.number })
  if (way === undefined) return undefined
  const base = provenBase(offer, way, trusted)
  if (!('refused' in base)) return { base, way }
  network.score(peer, 'bad-block')
  return undefined
}

async function askWay(
  network: Links,
  peer: string,
  { trusted, to }: { readonly trusted: TrustedPoint; readonly to: bigint },
): Promise<WayToBase | undefined> {
  const pages: FinalityProof[] = []
  let at = trusted
  while (pages.length === 0 || at.number < to) {
    const page = await askProof(network, peer, { from: at.number, to })
    if (page === undefined || pages.length >= mostPages) return undefined
    const verdict = checkFinality(page, at, schemes)
    const isOn = verdict.kind === 'valid' && (verdict.header.number > at.number || at.number === to)
    if (!isOn || verdict.header.number > to) {
      network.score(peer, 'bad-signature')
      return undefined
    }
    pages.push(page)
    at = { ...at, number: verdict.header.number, hash: verdict.hash }
  }
  const next = await network.ask(peer, 'proof', stretch(to, to + 1n))
  return next && !isLater(next) ? { proof: chainedProof(pages), next } : undefined
}

async function askProof(
  network: Links,
  peer: string,
  { from, to }: { readonly from: bigint; readonly to: bigint },
): Promise<FinalityProof | undefined> {
  const answer = await network.ask(peer, 'proof', stretch(from, to))
  if (answer === undefined || isLater(answer)) return undefined
  try {
    return decodeFinality(answer)
  } catch (error) {
    return lied(network, peer, error)
  }
}

function stretch(from: bigint, to: bigint): Uint8Array {
  return syncMessages.stretch.encode({ from, to })
}

/** What cannot be read is a lie. */
function lied(network: Links, peer: string, error: unknown): undefined {
  if (!(error instanceof AppError)) throw error
  network.score(peer, 'bad-encoding')
  return undefined
}

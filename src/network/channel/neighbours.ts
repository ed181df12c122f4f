/** Tells peers which others a node is linked with, so that nobody passes on what the one it came from has sent there. */

import { concatBytes } from '../../base/bytes.ts'
import type { PeerId } from '../network.ts'

/** Kind of the message, above those that a chain may have. */
export const neighboursKind = 255

/** Bytes of a peer id that are told: a liar could as well tell whole ones. */
const nameBytes = 8
/** Peers that are told. */
const mostNeighbours = 1_024

/** Longest message. */
export const maxNeighboursBytes = nameBytes * mostNeighbours

/** Linked peers by the beginnings of their ids. */
export type Neighbours = ReadonlySet<string>

/** Nothing is known of a peer's links. */
export const noNeighbours: Neighbours = new Set()

/** Whether a peer is among them. */
export function isNeighbour(neighbours: Neighbours, id: PeerId): boolean {
  return neighbours.has(shortName(id))
}

/** The message of a node that is linked with these peers. */
export function encodeNeighbours(ids: readonly PeerId[]): Uint8Array {
  const names = ids.slice(0, mostNeighbours).map((id) => Uint8Array.fromHex(shortName(id)))
  return concatBytes(...names)
}

/** The opposite; `undefined` for what is no such message. */
export function decodeNeighbours(bytes: Uint8Array): Neighbours | undefined {
  if (bytes.length % nameBytes !== 0) return undefined
  const count = bytes.length / nameBytes
  return new Set(
    Array.from({ length: count }, (_, at) =>
      bytes.subarray(at * nameBytes, (at + 1) * nameBytes).toHex(),
    ),
  )
}

function shortName(id: PeerId): string {
  return id.slice(0, 2 * nameBytes)
}

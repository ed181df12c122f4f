/** Measures what goes over the links. */

import type { Metrics } from '../base/metrics.ts'
import type { PeerView, Traffic } from './network.ts'

/** What the room measures; the kinds are those that the chains name. */
export interface Measures {
  sent(kind: string, bytes: number): void
  received(kind: string, bytes: number): void
  /** A message gave way in a full queue, or its peer is gone. */
  dropped(kind: string): void
  linked(count: number): void
  /** A peer was scored. */
  fault(name: string): void
  banned(): void
}

/** Letters of a peer's id that label its measures. */
const idLetters = 16
/** Peers that have measures of their own: more than a node has places. */
const mostPeers = 256

export function networkMeasures(metrics: Metrics, peers: () => readonly PeerView[]): Measures {
  const prefix = 'quantumstream_network'
  measurePeers(metrics, `${prefix}_peer`, peers)
  const labels = ['direction', 'kind'] as const
  const messages = metrics.counter(`${prefix}_messages_total`, 'Messages over links', labels)
  const bytes = metrics.counter(`${prefix}_bytes_total`, 'Bytes of messages over links', labels)
  const dropped = metrics.counter(`${prefix}_dropped_total`, 'Messages that gave way', ['kind'])
  const linked = metrics.gauge(`${prefix}_peers`, 'Linked peers')
  const faults = metrics.counter(`${prefix}_faults_total`, 'Times that peers were scored', [
    'fault',
  ])
  const bans = metrics.counter(`${prefix}_bans_total`, 'Times that a peer was sent away')
  const count = (direction: 'in' | 'out', kind: string, size: number) => {
    messages.add(1, { direction, kind })
    bytes.add(size, { direction, kind })
  }
  return {
    sent: (kind, size) => count('out', kind, size),
    received: (kind, size) => count('in', kind, size),
    dropped: (kind) => dropped.add(1, { kind }),
    linked: (number) => linked.set(number),
    fault: (name) => faults.add(1, { fault: name }),
    banned: () => bans.add(),
  }
}

/** Measures each link; what is gone is measured no more. */
function measurePeers(metrics: Metrics, prefix: string, peers: () => readonly PeerView[]): void {
  const shown = () => peers().slice(0, mostPeers)
  const nameOf = ({ id }: PeerView) => id.slice(0, idLetters)
  const each = (name: string, help: string, read: (peer: PeerView) => number | undefined) =>
    metrics.observed(`${prefix}_${name}`, help, ['peer'], function* () {
      for (const peer of shown()) {
        const value = read(peer)
        if (value !== undefined) yield { value, labels: { peer: nameOf(peer) } }
      }
    })
  const both = (name: string, help: string, read: (traffic: Traffic) => number) =>
    metrics.observed(`${prefix}_${name}_total`, help, ['peer', 'direction'], function* () {
      for (const peer of shown()) {
        yield { value: read(peer.received), labels: { peer: nameOf(peer), direction: 'in' } }
        yield { value: read(peer.sent), labels: { peer: nameOf(peer), direction: 'out' } }
      }
    })
  both('messages', 'Messages over a link', ({ messages }) => messages)
  both('bytes', 'Bytes over a link', ({ bytes }) => bytes)
  each('score', 'Score of a linked peer, at most 100', ({ score }) => score)
  each('waiting_bytes', 'Bytes that wait to be sent to a peer', ({ waiting }) => waiting.bytes)
  each('dropped_total', 'Messages to a peer that gave way', ({ dropped }) => dropped)
  each('round_trip_seconds', 'Time of the last ping', ({ roundTripMs }) =>
    roundTripMs === undefined ? undefined : roundTripMs / 1_000,
  )
}

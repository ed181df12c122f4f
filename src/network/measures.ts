/** Measures what goes over the links. */

import type { Metrics } from '../base/metrics.ts'

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

export function networkMeasures(metrics: Metrics): Measures {
  const prefix = 'quantumstream_network'
  const labels = ['direction', 'kind'] as const
  const messages = metrics.counter(`${prefix}_messages_total`, 'Messages over links', labels)
  const bytes = metrics.counter(`${prefix}_bytes_total`, 'Bytes of messages over links', labels)
  const dropped = metrics.counter(`${prefix}_dropped_total`, 'Messages that gave way', ['kind'])
  const peers = metrics.gauge(`${prefix}_peers`, 'Linked peers')
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
    linked: (number) => peers.set(number),
    fault: (name) => faults.add(1, { fault: name }),
    banned: () => bans.add(),
  }
}

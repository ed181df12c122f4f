/** Opens nodes on this machine's loopback network for tests, and closes them when the test is over. */

import type { TestContext } from 'node:test'
import { systemClock, systemTimer } from '../../base/clock.ts'
import { silentLogger } from '../../base/logger.ts'
import { noMetrics } from '../../base/metrics.ts'
import { createNetwork, type NetworkDependencies, type NetworkOptions } from '../create-network.ts'
import type {
  Channel,
  ChannelRules,
  CheckResult,
  MessageKind,
  Network,
  PeerId,
} from '../network.ts'
import { nodeIdentity } from '../node-identity.ts'

/** The identity of a small number. */
export function identityOf(seed: number, scheme: 'ed25519' | 'ml-dsa-65' = 'ed25519') {
  return nodeIdentity(scheme, new Uint8Array(32).fill(seed))
}

/** The machine's time, and nothing written. */
const dependencies: NetworkDependencies = {
  ...{ clock: systemClock, timer: systemTimer, logger: silentLogger, metrics: noMetrics },
  chance: () => 0.5,
}

/** Time that goes by 50 times as fast. */
export const hurried: Partial<NetworkDependencies> = {
  clock: { nowMs: () => systemClock.nowMs() * 50 },
  timer: { after: (delayMs, run) => systemTimer.after(delayMs / 50, run) },
}

/** A logger that keeps why links were not made. */
export function keptReasons() {
  const reasons: unknown[] = []
  const debug = (message: string, fields: Readonly<Record<string, unknown>> = {}) => {
    if (message === 'no link') reasons.push(fields.reason)
  }
  return { reasons, logger: { ...silentLogger, debug } }
}

/** How a node is opened. */
export interface OpenOptions extends Partial<NetworkOptions> {
  readonly dependencies?: Partial<NetworkDependencies>
  /** On a free port of the loopback network unless it is false. */
  readonly isListening?: false
  readonly isStarted?: false
}

/** Opens and starts a node. */
export async function openNode(
  context: TestContext,
  seed: number,
  { dependencies: parts, isListening, isStarted, ...options }: OpenOptions = {},
): Promise<Network> {
  const listen = isListening === false ? {} : { listen: { host: '127.0.0.1', port: 0 } }
  const network = createNetwork(
    { identity: identityOf(seed), agent: `test/${seed}`, ...listen, ...options },
    { ...dependencies, ...parts },
  )
  context.after(() => network.stop())
  if (isStarted !== false) await network.start()
  return network
}

/** How others write the address of a node. */
export function addressOf(network: Network): string {
  const { host, port } = network.endpoint() ?? { host: '', port: 0 }
  return `${network.id}@${host}:${port}`
}

/** A chain of a small number. */
export const chainKey = (seed: number) => new Uint8Array(32).fill(seed)

/** What came to a chain, and how it is answered. */
export interface Story {
  readonly heard: { readonly from: PeerId; readonly text: string }[]
  readonly channel: Channel
}

const words = new TextDecoder()

/** Text as a message has it. */
export const bytesOf = (text: string) => new TextEncoder().encode(text)

/** A kind of relayed messages with a check. */
export function kindOf(check: MessageKind['check'], parts: Partial<MessageKind> = {}): MessageKind {
  const rest = { number: 1, name: 'word', maxBytes: 100_000, importance: 'current' } as const
  return { ...rest, isRelayed: true, check, ...parts }
}

/** Joins a chain with one kind of messages, which are accepted unless a check says otherwise. */
export function joinChain(
  network: Network,
  parts: Partial<ChannelRules> & { readonly result?: (text: string) => CheckResult } = {},
): Story {
  const heard: Story['heard'] = []
  const { result = () => ({ kind: 'accept' }), ...rules } = parts
  const kind = kindOf((from, bytes) => {
    const text = words.decode(bytes)
    heard.push({ from, text })
    return result(text)
  })
  const channel = network.join({
    ...{ chainKey: chainKey(1), messages: [kind], questions: [], isValidator: () => false },
    ...rules,
  })
  return { heard, channel }
}

/** Waits until something is so; the test's own time limit ends the wait. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2))
}

/** Speaks to servers of messages for the tasks of workflows, by the clients that sinks use. */

import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import { createHostGuard } from '../workflow/host-guard.ts'
import type { IncomingMessage, MessageClients, MessagePlace } from '../workflow/message-clients.ts'
import type { Broker } from './brokers/broker.ts'
import { openBrokers } from './brokers/open-brokers.ts'

/** Message clients, and their end. */
export interface RunningMessageClients extends MessageClients {
  stop(): Promise<void>
}

/** Which servers may be asked. */
export interface MessageClientOptions {
  /** Hosts that may have a private address: names or addresses, each with or without a port, and CIDR ranges. */
  readonly allowHosts?: readonly string[]
}

/** Servers that a connection is kept to; then the one that was used longest ago is let go. */
const mostServers = 64

type OpenBroker = (url: string) => Promise<Broker>

/** By the names that AsyncAPI has for protocols: the scheme of the address, and the client. */
const protocols: Readonly<Record<string, readonly [scheme: string, open: OpenBroker]>> = {
  amqp: ['amqp', (url) => openBrokers.amqp({ url, exchange: 'amq.topic' })],
  amqps: ['amqps', (url) => openBrokers.amqp({ url, exchange: 'amq.topic' })],
  mqtt: ['mqtt', (url) => openBrokers.mqtt({ url })],
  mqtt5: ['mqtt', (url) => openBrokers.mqtt({ url })],
  mqtts: ['mqtts', (url) => openBrokers.mqtt({ url })],
  'secure-mqtt': ['mqtts', (url) => openBrokers.mqtt({ url })],
  nats: ['nats', (url) => openBrokers.nats({ url })],
  redis: ['redis', (url) => openBrokers.redis({ url })],
  rediss: ['rediss', (url) => openBrokers.redis({ url })],
}

/**
 * Clients for AMQP (the exchange `amq.topic`), MQTT 5, NATS (core messages) and Redis (streams). Servers with private addresses
 * are refused unless they are allowed.
 */
export function createMessageClients(options: MessageClientOptions = {}): RunningMessageClients {
  const guard = createHostGuard(options.allowHosts ?? [])
  const brokers = new Map<string, Promise<Broker>>()

  const brokerFor = async (place: MessagePlace): Promise<Broker> => {
    const { url, open } = serverOf(place)
    await mustBeAllowed(new URL(url), guard)
    const known = brokers.get(url)
    const broker = known ?? open(url)
    brokers.delete(url)
    brokers.set(url, broker)
    const [oldest] = brokers.keys()
    if (brokers.size > mostServers && oldest !== undefined) {
      const leaving = brokers.get(oldest)
      brokers.delete(oldest)
      await (await leaving)?.close()
    }
    return broker
  }

  return {
    async publish({ channel, payload, contentType, headers, id, signal, ...place }) {
      const broker = await brokerFor({ ...place, channel })
      signal.throwIfAborted()
      await broker.publish({ channel, payload, contentType, headers, id })
    },
    async *subscribe({ signal, ...place }): AsyncIterable<IncomingMessage> {
      const broker = await brokerFor(place)
      yield* broker.subscribe({ channel: place.channel, signal })
    },
    async stop() {
      const all = [...brokers.values()]
      brokers.clear()
      await Promise.all(all.map(async (broker) => (await broker).close()))
    },
  }
}

function serverOf({ protocol, server, authentication }: MessagePlace) {
  const known = Object.hasOwn(protocols, protocol) ? protocols[protocol] : undefined
  if (known === undefined) {
    const message = `messages by "${protocol}" are not known; there are ${Object.keys(protocols).join(', ')}`
    throw new AppError({ code: 'services/unknown-protocol', message })
  }
  const [scheme, open] = known
  const text = `${scheme}://${server.replace(/^[a-z0-9+.-]+:\/\//i, '')}`
  if (!URL.canParse(text)) {
    const message = 'the address of a server of messages cannot be understood'
    throw new AppError({ code: 'services/bad-server', message })
  }
  const url = new URL(text)
  const user = userOf(authentication)
  if (user) {
    url.username = encodeURIComponent(user.username)
    url.password = encodeURIComponent(user.password)
  }
  return { url: url.href, open }
}

function userOf(authentication: Json | undefined) {
  if (authentication === undefined || authentication === null) return undefined
  const { basic } = authentication as { readonly basic?: Readonly<Record<string, Json>> }
  const { username, password } = basic ?? {}
  if (typeof username === 'string' && typeof password === 'string') return { username, password }
  const message = 'servers of messages take the authentication "basic" alone'
  throw new AppError({ code: 'services/bad-authentication', message })
}

/** @throws AppError `services/forbidden-host`; `services/broker-away` (later) for a name that is not found */
async function mustBeAllowed(
  { hostname, port }: URL,
  guard: ReturnType<typeof createHostGuard>,
): Promise<void> {
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  if (guard.allowsName(host, port)) return
  const addresses = isIP(host) ? [{ address: host }] : await addressesOf(host)
  if (addresses.every(({ address }) => guard.allowsAddress(address))) return
  const message = `${host} has a private address, and is not among the hosts that may be called (QS_ALLOW_HOSTS)`
  throw new AppError({ code: 'services/forbidden-host', message })
}

async function addressesOf(host: string): Promise<readonly { readonly address: string }[]> {
  try {
    return await lookup(host, { all: true })
  } catch (cause) {
    const message = `the address of ${host} is not found`
    throw new AppError({ code: 'services/broker-away', message, cause, retry: 'later' })
  }
}

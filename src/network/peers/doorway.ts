/** Opens connections and takes those of others, and greets whoever is at the other end. */

import type { AddressInfo, Server, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { AppError } from '../../base/app-error.ts'
import type { Farewell } from '../link/farewell.ts'
import { type Greeted, Greeting } from '../link/greeting.ts'
import type { ChainEntry } from '../link/hello.ts'
import { Link, type LinkHandler, type LinkSurroundings } from '../link/link.ts'
import { connectSecurely, exporterValue, secureServer } from '../link/secure-socket.ts'
import type { Endpoint, PeerId } from '../network.ts'
import type { Role } from '../node-identity.ts'
import type { Candidate } from './dial-plan.ts'
import { HostGate } from './host-gate.ts'
import type { PeerFacts } from './peer.ts'

/** What this node says first, and the chains that it names. */
export interface OwnHello {
  readonly bytes: Uint8Array
  readonly told: readonly ChainEntry[]
}

/** What a doorway needs of the node. */
export interface DoorwaySurroundings extends LinkSurroundings {
  readonly ownHello: (role: Role, exporter: Uint8Array) => OwnHello
  readonly admit: (greeted: Greeted, link: Link, facts: PeerFacts) => LinkHandler | Farewell
}

/** Who is linked by way of an attempt, or was already; else why it failed. */
export interface DialOutcome {
  readonly id?: PeerId
  readonly reason?: Farewell | 'unreachable' | 'wrong-transport'
}

/** Connections that may be unknown at once. */
const mostStrangers = 64

export class Doorway {
  readonly #around: DoorwaySurroundings
  readonly #gate = new HostGate()
  /** Connections of others that have not been greeted, by their address and port. */
  readonly #strangers = new Map<string, Socket>()
  readonly #dialling = new Set<AbortController>()
  /** Links whose sockets are open, greeted or not. */
  readonly #links = new Set<Link>()
  #server: Server | undefined
  #serial = 0
  #isClosed = false

  constructor(around: DoorwaySurroundings) {
    this.#around = around
  }

  /** Listens. @throws AppError `network/cannot-listen` */
  async listen({ host, port }: Endpoint): Promise<void> {
    const server = secureServer(
      {
        accepts: (raw) => this.#accepts(raw),
        connected: (socket) => {
          this.#greet(socket, 'listener')
        },
      },
      this.#around.bounds.greetingMs,
    )
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => {
        const message = `cannot listen for peers on ${host} port ${port}: ${cause.message}; choose another address or port`
        reject(new AppError({ code: 'network/cannot-listen', message, cause }))
      })
      server.listen(port, host, resolve)
    })
    server.on('error', () => {})
    this.#server = server
  }

  /** Where it listens. */
  get endpoint(): Endpoint | undefined {
    const address = this.#server?.address() as AddressInfo | null | undefined
    return address ? { host: address.address, port: address.port } : undefined
  }

  /** Connects to a candidate and greets whoever answers. */
  async dial({ endpoint, expected }: Candidate): Promise<DialOutcome> {
    const abort = new AbortController()
    const { timer, bounds } = this.#around
    const cancel = timer.after(bounds.greetingMs, () => abort.abort())
    this.#dialling.add(abort)
    try {
      const socket = await connectSecurely(endpoint, abort.signal)
      return await this.#greet(socket, 'dialler', { endpoint, expected })
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      const isWrong = error.code === 'network/wrong-transport'
      return { reason: isWrong ? 'wrong-transport' : 'unreachable' }
    } finally {
      cancel()
      this.#dialling.delete(abort)
    }
  }

  /** Takes and opens no more, ends all links, and resolves when no connection is left. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const abort of this.#dialling) abort.abort()
    const links = [...this.#links]
    for (const link of links) link.close('stopping')
    for (const raw of this.#strangers.values()) raw.destroy()
    const server = this.#server
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()))
    await Promise.all(links.map((link) => link.ended))
  }

  #accepts(raw: Socket): boolean {
    const name = nameOf(raw)
    const nowMs = this.#around.clock.nowMs()
    if (this.#isClosed || !this.#gate.enter(raw.remoteAddress ?? '', nowMs)) return false
    // Those that mean it are done sooner than those that hold places.
    if (this.#strangers.size >= mostStrangers)
      for (const oldest of this.#strangers.values().take(1)) oldest.destroy()
    this.#strangers.set(name, raw)
    raw.once('close', () => this.#strangers.delete(name))
    return true
  }

  #greet(
    socket: TLSSocket,
    role: Role,
    { endpoint = endpointOf(socket), expected }: Partial<Candidate> = {},
  ): Promise<DialOutcome> {
    const { clock, timer, bounds, ownHello, admit } = this.#around
    if (socket.destroyed || this.#isClosed) {
      socket.destroy()
      return Promise.resolve({ reason: 'lost' })
    }
    const { promise, resolve } = Promise.withResolvers<DialOutcome>()
    const exporter = exporterValue(socket)
    const [name, host] = [nameOf(socket), socket.remoteAddress ?? '']
    let told: readonly ChainEntry[] = []
    const over = (outcome: DialOutcome) => {
      cancel()
      this.#strangers.delete(name)
      resolve(outcome)
    }
    this.#serial += 1
    const facts: PeerFacts = {
      ...{ isDialled: role === 'dialler', endpoint, exporter, told: () => told },
      ...{ serial: this.#serial, sinceMs: clock.nowMs() },
    }
    const greeting = new Greeting({
      ...{ role, exporter, expected },
      ownHello: () => {
        const own = ownHello(role, exporter)
        told = own.told
        return own.bytes
      },
      admit: (greeted) => {
        const admitted = admit(greeted, link, facts)
        if (typeof admitted !== 'string' || admitted === 'duplicate') over({ id: greeted.id })
        return admitted
      },
      failed: ({ reason, isOurs }) => {
        if (isOurs && reason === 'bad-frame') this.#gate.blame(host, clock.nowMs())
        over({ reason })
      },
    })
    const link = new Link(socket, greeting, { clock, timer, bounds })
    const cancel = timer.after(bounds.greetingMs, () => link.close('late-greeting'))
    this.#links.add(link)
    void link.ended.then(() => this.#links.delete(link))
    greeting.begin(link)
    return promise
  }
}

function nameOf({
  remoteAddress,
  remotePort,
}: Pick<Socket, 'remoteAddress' | 'remotePort'>): string {
  return `${remoteAddress} ${remotePort}`
}

function endpointOf({ remoteAddress = '', remotePort = 0 }: TLSSocket): Endpoint {
  return { host: remoteAddress, port: remotePort }
}

/** Listens on a socket of the file system for each chain: the first one at the path that is set, others beside it. */

import path from 'node:path'
import type { Logger } from '../../base/logger.ts'
import type { Respond } from '../envelope/answer.ts'
import type { RpcLimits } from '../limits.ts'
import type { Caller } from '../view/context.ts'
import { createIpcServer, type IpcServer } from './ipc-server.ts'

/** Where to listen; nowhere without a path. */
interface SocketOptions {
  readonly path: string | undefined
  readonly limits: RpcLimits
}

interface SocketDependencies {
  responder(chain: string | undefined, caller: Caller): Respond
  readonly logger: Logger
}

/** Where a further chain listens: for `node.ipc` and the chain `side` at `node-side.ipc`. */
function socketOf(first: string, chain: string): string {
  const { ext } = path.parse(first)
  return `${first.slice(0, first.length - ext.length)}-${chain}${ext}`
}

/** The sockets of all chains. */
export class ChainSockets {
  readonly #options: SocketOptions
  readonly #dependencies: SocketDependencies
  readonly #first: IpcServer | undefined
  readonly #others = new Map<string, IpcServer>()
  /** Changes, one after the other. */
  #work: Promise<void> = Promise.resolve()

  constructor(options: SocketOptions, dependencies: SocketDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.#first = options.path === undefined ? undefined : this.#server(options.path, undefined)
  }

  /** @throws AppError `rpc/ipc-in-use`, `rpc/cannot-listen-ipc` */
  async start(): Promise<void> {
    await this.#first?.start()
  }

  /** Listens for a further chain; one that cannot is told in the log, and is there over HTTP. */
  async open(chain: string): Promise<void> {
    const { path: first } = this.#options
    if (first === undefined) return
    const server = this.#server(socketOf(first, chain), chain)
    await this.#queue(async () => {
      await server.start()
      this.#others.set(chain, server)
    }, chain)
  }

  async close(chain: string): Promise<void> {
    await this.#queue(async () => {
      await this.#others.get(chain)?.stop()
      this.#others.delete(chain)
    }, chain)
  }

  async stop(): Promise<void> {
    await this.#work
    await Promise.all([this.#first, ...this.#others.values()].map((server) => server?.stop()))
  }

  #queue(work: () => Promise<void>, chain: string): Promise<void> {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      const fields = { chain, error: String(error) }
      this.#dependencies.logger.error('the socket of a chain failed', fields)
    })
    return this.#work
  }

  #server(at: string, chain: string | undefined): IpcServer {
    const { responder, logger } = this.#dependencies
    const ofChain = (_: string | undefined, caller: Caller) => responder(chain, caller)
    return createIpcServer(
      { path: at, limits: this.#options.limits },
      { responder: ofChain, logger },
    )
  }
}

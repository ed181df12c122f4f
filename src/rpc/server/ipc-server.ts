/** Speaks JSON-RPC with subscriptions over a socket in the file system, the way geth frames it. */

import { lstat, unlink } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { AppError } from '../../base/app-error.ts'
import type { Logger } from '../../base/logger.ts'
import type { Respond } from '../envelope/answer.ts'
import { notJson } from '../envelope/request.ts'
import type { RpcLimits } from '../limits.ts'
import type { Caller } from '../view/context.ts'
import { Connection, type Wire } from './connection.ts'
import { JsonValues } from './json-values.ts'

/** Where to listen. */
interface IpcOptions {
  /** Of the socket, or the name of a pipe on Windows. */
  readonly path: string
  readonly limits: RpcLimits
}

/** What answers. */
interface IpcDependencies {
  responder(chain: string | undefined, caller: Caller): Respond
  readonly logger: Logger
}

/** A server that is started once. */
export interface IpcServer {
  /** @throws AppError `rpc/ipc-in-use`, `rpc/cannot-listen-ipc` */
  start(): Promise<void>
  /** Resolves when all connections are closed and the socket is removed. */
  stop(): Promise<void>
}

/** Whoever may open the socket may use the node: the file's permissions are the only guard. */
export function createIpcServer(
  { path, limits }: IpcOptions,
  dependencies: IpcDependencies,
): IpcServer {
  const open = new Map<Socket, Connection>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const connection = new Connection(wireOf(socket), limits, dependencies)
    open.set(socket, connection)
    socket.on('error', (error) => dependencies.logger.debug('an IPC client broke off', { error }))
    socket.once('close', () => {
      connection.end()
      open.delete(socket)
    })
    read(socket, connection, limits)
  })
  server.maxConnections = limits.connections
  return {
    async start() {
      await removeAbandoned(path)
      await new Promise<void>((resolve, reject) => {
        server.once('error', (error) => reject(cannotListen(path, error)))
        server.listen(path, resolve)
      })
    },
    async stop() {
      if (!server.listening) return
      const closed = new Promise((resolve) => server.close(resolve))
      await Promise.all(Array.from(open.values(), (connection) => connection.stop()))
      await closed
    },
  }
}

/** Hands the values of the stream on; a client that sends half of one is not waited for without end. */
function read(socket: Socket, connection: Connection, limits: RpcLimits): void {
  const values = new JsonValues(limits.requestBytes)
  let late: NodeJS.Timeout | undefined
  const refuse = async () => {
    socket.removeAllListeners('data').resume()
    await connection.settled()
    socket.end(`${JSON.stringify(notJson)}\n`, () => socket.destroy())
  }
  socket.on('data', (bytes: Buffer) => {
    const { texts, refusal } = values.take(bytes)
    for (const text of texts) connection.receive(text, undefined)
    if (texts.length > 0 || !values.isWithin) {
      clearTimeout(late)
      late = undefined
    }
    if (refusal === 'not-json') return void refuse()
    if (refusal === 'too-long') return void socket.destroy()
    if (values.isWithin) late ??= setTimeout(() => socket.destroy(), limits.requestTimeoutMs)
  })
  // What was asked before the client stopped sending is still answered.
  socket.once('end', () => void connection.settled().then(() => socket.end()))
  socket.once('close', () => clearTimeout(late))
}

/** A socket as a connection sees it; each text is a line of its own. */
function wireOf(socket: Socket): Wire {
  return {
    kind: 'IPC',
    send(text) {
      if (!socket.writable) return
      if (typeof text === 'string') socket.write(`${text}\n`)
      else {
        socket.write(text)
        socket.write('\n')
      }
    },
    waitingBytes: () => socket.writableLength,
    pause: () => void socket.pause(),
    resume() {
      if (socket.isPaused()) socket.resume()
    },
    async close() {
      if (socket.closed) return
      const closed = new Promise((resolve) => socket.once('close', resolve))
      // A client that does not take what is left, or does not end its side, is cut off.
      const late = setTimeout(() => socket.destroy(), 1_000)
      socket.end(() => socket.destroy())
      await closed
      clearTimeout(late)
    },
    terminate: () => void socket.destroy(),
  }
}

/** Removes a socket that a killed process left. @throws AppError `rpc/ipc-in-use` if somebody listens there */
async function removeAbandoned(path: string): Promise<void> {
  const isSocket = await lstat(path).then(
    (found) => found.isSocket(),
    () => false,
  )
  if (!isSocket) return
  const answers = await new Promise<boolean>((resolve) => {
    const probe = connect(path)
    probe.once('error', () => resolve(false))
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
  })
  if (answers) throw inUse(path)
  await unlink(path)
}

function inUse(path: string): AppError {
  return new AppError({
    code: 'rpc/ipc-in-use',
    message: `${path} is in use, so JSON-RPC cannot listen there; stop the program that uses it, or choose another path with --ipc`,
    data: { path },
  })
}

function cannotListen(path: string, error: NodeJS.ErrnoException): AppError {
  if (error.code === 'EADDRINUSE') return inUse(path)
  return new AppError({
    code: 'rpc/cannot-listen-ipc',
    message: `JSON-RPC cannot listen at ${path} (${error.code ?? error.message}); choose a path of at most 100 characters in a folder that exists with --ipc`,
    data: { path },
    cause: error,
  })
}

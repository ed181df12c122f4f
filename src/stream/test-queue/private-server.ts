/** Starts a server of its own for a test, which may stop it, hold it and lose all that it had. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { freePort } from '../../base/test-ports.ts'

/** What is needed of a test. */
interface Test {
  after(run: () => Promise<void>): void
}

/** A running server. */
export interface PrivateServer {
  readonly port: number
  start(): Promise<void>
  /** Ends it at once; what it had is gone. */
  lose(): Promise<void>
  /** Lets it answer nobody, though it is there, until `goOn`. */
  hold(): void
  goOn(): void
}

/** A Redis that keeps nothing on disk. */
export function privateRedis(t: Test): Promise<PrivateServer> {
  return privateServer(t, 'redis-server', (port) => [
    ...['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
  ])
}

/** A NATS with JetStream. */
export function privateNats(t: Test): Promise<PrivateServer> {
  return privateServer(t, 'nats-server', (port, folder) => [
    ...['-p', String(port), '-a', '127.0.0.1', '-js', '-sd', folder],
  ])
}

async function privateServer(
  t: Test,
  program: string,
  flags: (port: number, folder: string) => readonly string[],
): Promise<PrivateServer> {
  const port = await freePort()
  let child: ChildProcess | undefined
  let folder = ''
  const start = async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'qs-carrier-'))
    child = spawn(program, flags(port, folder), { cwd: folder, stdio: 'ignore' })
    while (!(await answers(port))) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const lose = async () => {
    if (child === undefined) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
    child = undefined
    await rm(folder, { recursive: true })
  }
  t.after(lose)
  await start()
  const hold = () => void child?.kill('SIGSTOP')
  const goOn = () => void child?.kill('SIGCONT')
  return { port, start, lose, hold, goOn }
}

function answers(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' })
  return new Promise((resolve) => {
    const end = (isThere: boolean) => {
      socket.destroy()
      resolve(isThere)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })
}

/** A PostgreSQL server of its own for a test, which it may stop. */

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, glob, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../../base/test-ports.ts'

const execute = promisify(execFile)

/** A running server; `crash` ends it as a lost machine would. */
export interface PrivatePostgres {
  readonly url: string
  crash(): Promise<void>
  start(): Promise<void>
  remove(): Promise<void>
}

/** Makes and starts a server in a folder of its own. */
export async function privatePostgres(): Promise<PrivatePostgres> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-postgres-'))
  const user = await serverUser()
  if (user.uid !== undefined) await chown(folder, user.uid, user.gid ?? user.uid)
  const programs = await programFolder()
  const data = path.join(folder, 'data')
  await execute(
    path.join(programs, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-N'],
    user,
  )
  const port = await freePort()
  let server: ChildProcess | undefined
  const start = async () => {
    const settings = [
      'fsync=off',
      `unix_socket_directories=${folder}`,
      'listen_addresses=127.0.0.1',
    ]
    const flags = settings.flatMap((setting) => ['-c', setting])
    const child = spawn(
      path.join(programs, 'postgres'),
      ['-D', data, '-p', String(port), ...flags],
      { ...user, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    server = child
    let told = ''
    for await (const chunk of child.stderr ?? []) {
      told += chunk
      if (told.includes('ready to accept connections')) break
    }
    if (child.exitCode !== null) throw new Error(told)
  }
  const crash = async () => {
    const child = server
    if (child === undefined || child.exitCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGQUIT')
    await exited
  }
  await start()
  return {
    ...{ url: `postgres://postgres@127.0.0.1:${port}/postgres`, start, crash },
    remove: async () => {
      await crash()
      await rm(folder, { recursive: true })
    },
  }
}

/** PostgreSQL refuses to run as root. */
async function serverUser(): Promise<{ readonly uid?: number; readonly gid?: number }> {
  if (process.getuid?.() !== 0) return {}
  const id = async (flag: string) => Number((await execute('id', [flag, 'postgres'])).stdout)
  return { uid: await id('-u'), gid: await id('-g') }
}

async function programFolder(): Promise<string> {
  const found = await Array.fromAsync(glob('/usr/lib/postgresql/*/bin/initdb'))
  const initdb = found.toSorted().at(-1) ?? (await execute('which', ['initdb'])).stdout.trim()
  return path.dirname(initdb)
}

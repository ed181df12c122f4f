/** Starts private Restate servers for tests, on free ports and a folder of their own. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../../src/base/test-ports.ts'

const root = path.resolve(import.meta.dirname, '../..')
const name = `restate-server-${process.platform}-${process.arch}`
const binary = path.join(root, `node_modules/@restatedev/${name}/bin/restate-server`)

/** Why there is no server on this machine; nothing where there is one. */
export async function lacksRestate(): Promise<string | undefined> {
  try {
    await access(binary)
    return undefined
  } catch {
    return `no @restatedev/${name}: its tests are left out (npm has it for Linux and macOS)`
  }
}

/** A server that runs. */
export interface RestateServer {
  readonly ingress: string
  readonly admin: string
  /** Kills it, and starts it again on its folder. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Starts a server; resolves when it takes requests. */
export async function startRestate(): Promise<RestateServer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'restate-'))
  const [node, admin, ingress] = [await freePort(), await freePort(), await freePort()]
  const url = (port: number) => `http://127.0.0.1:${port}`
  const run = async () => {
    const child = spawn(binary, ['--no-logo'], {
      cwd: folder,
      stdio: 'ignore',
      env: {
        ...process.env,
        ...{ RESTATE_BASE_DIR: folder, RESTATE_NODE_NAME: 'test', RESTATE_LISTEN_MODE: 'tcp' },
        ...{ RESTATE_BIND_IP: '127.0.0.1', RESTATE_ADVERTISED_HOST: '127.0.0.1' },
        ...{ RESTATE_BIND_PORT: String(node), RESTATE_ADMIN__BIND_PORT: String(admin) },
        ...{ RESTATE_INGRESS__BIND_PORT: String(ingress), RESTATE_DISABLE_TELEMETRY: 'true' },
        ...{ RESTATE_LOG_FILTER: 'warn', RESTATE_DEFAULT_NUM_PARTITIONS: '2' },
      },
    })
    await answers(`${url(admin)}/health`, child)
    await answers(`${url(ingress)}/restate/health`, child)
    return child
  }
  let child = await run()
  const kill = async () => {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
  return {
    ...{ ingress: url(ingress), admin: url(admin) },
    async restart() {
      await kill()
      child = await run()
    },
    async stop() {
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  for (let turn = 0; turn < 600; turn += 1) {
    if (child.exitCode !== null) throw new Error(`restate-server ended with ${child.exitCode}`)
    try {
      if ((await fetch(url)).ok) return
    } catch {
      // Not yet.
    }
    await pause(100)
  }
  throw new Error(`${url} never answered`)
}

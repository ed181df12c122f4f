/** Starts other people's development nodes for tests: Hardhat's and anvil. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { freePort } from '../../src/base/test-ports.ts'
import { skipIfMissing } from './lacking.ts'
import { callRpc, eventually, root } from './program.ts'

/** A peer's node with the well-known test accounts. */
export interface PeerNode {
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
}

const anvilFile = path.join(root, 'node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil')

export const skipAnvil = () =>
  skipIfMissing(
    !existsSync(anvilFile),
    'tests against anvil are left out: its npm package is for Linux on x64, where npm ci brings it',
  )

/** Starts `hardhat node`; it mines a block for each transaction. */
export async function startHardhat(): Promise<PeerNode> {
  const cli = path.join(root, 'node_modules/hardhat/dist/src/cli.js')
  return start((port) => ({
    words: [process.execPath, cli, 'node', '--port', String(port)],
    cwd: path.join(root, 'contracts'),
  }))
}

/** Starts anvil with `flags`, such as `--block-time 1`. */
export async function startAnvil(...flags: readonly string[]): Promise<PeerNode> {
  return start((port) => ({
    words: [anvilFile, '--quiet', '--port', String(port), ...flags],
    cwd: root,
  }))
}

async function start(
  command: (port: number) => { readonly words: readonly string[]; readonly cwd: string },
): Promise<PeerNode> {
  const port = await freePort()
  const { words, cwd } = command(port)
  const [program = '', ...rest] = words
  const child = spawn(program, rest, { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
  const url = `http://127.0.0.1:${port}`
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  try {
    await eventually(() => callRpc<string>(url, 'eth_chainId'), 60_000)
  } catch (error) {
    await stop()
    throw error
  }
  return { url, pid: child.pid ?? 0, stop }
}

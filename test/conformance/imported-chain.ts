/** Starts a node on the chain of a set of cases: its genesis, and the blocks that are imported. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startProgram } from '../e2e/program.ts'

/** A node that has imported a chain. */
export interface ImportedChain {
  /** Of JSON-RPC. */
  readonly url: string
  stop(): Promise<void>
}

/** Runs `quantumstream start --genesis … --import …` over `genesis.json` and `chain.rlp` of a folder. */
export async function startImported(folder: string): Promise<ImportedChain> {
  const data = await mkdtemp(path.join(tmpdir(), 'qs-cases-'))
  const words = ['--data', data, '--rpc-port', '0', '--api-port', '0']
  const { child, printed, exited } = startProgram([
    'start',
    ...['--genesis', path.join(folder, 'genesis.json')],
    ...['--import', path.join(folder, 'chain.rlp')],
    ...words,
  ])
  const stop = async () => {
    child.kill('SIGTERM')
    await exited
    await rm(data, { recursive: true, force: true, maxRetries: 3 })
  }
  try {
    const [, url = ''] = await printed(/JSON-RPC +(http:\/\/127\.0\.0\.1:\d+)/)
    return { url, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

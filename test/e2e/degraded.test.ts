/** Runs a chain of work whose committee is away: the node is ready, and says everywhere that nothing becomes final. */

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { toHex } from '../../src/base/bytes.ts'
import { signingKey } from '../../src/crypto/signatures.ts'
import { callRpc, eventually, startProgram, temporaryFolder } from './program.ts'

/** Every second block can be final; after eight of these without, the chain is degraded. */
const [every, most] = [2, 8]
const somebody = `0x${'a1'.repeat(20)}`

async function writeManifest(folder: string): Promise<string> {
  const target = String(2n ** 250n)
  const { scheme, publicKey } = signingKey('ed25519', new Uint8Array(32).fill(1))
  const away = { scheme, publicKey: toHex(publicKey), owner: somebody, payTo: somebody }
  const file = path.join(folder, 'hybrid.json')
  const manifest = {
    ...{ version: 1, name: 'hybrid', chainId: '20252', hardfork: 'osaka' },
    consensus: {
      ...{ engine: 'hybrid', startTarget: target, easiestTarget: target, validators: [away] },
      ...{ checkpointEvery: every, buriedBy: 1, blockTimeMs: 1_000 },
    },
    genesis: {
      ...{ timestamp: String(Math.floor(Date.now() / 1_000) - 60), gasLimit: '30000000' },
      ...{ baseFeePerGas: '1000000000', extraData: '0x', accounts: [] },
    },
  }
  await writeFile(file, JSON.stringify(manifest))
  return file
}

test('a chain of work whose committee does not vote is degraded, and ready all the same', {
  timeout: 240_000,
}, async (t) => {
  const folder = await temporaryFolder(t)
  const program = startProgram([
    ...['start', '--rpc-port', '0', '--api-port', '0', '--miner', somebody],
    ...['--genesis', await writeManifest(folder), '--data', path.join(folder, 'data')],
  ])
  t.after(async () => void program.child.kill('SIGKILL'))
  const [, url = ''] = await program.printed(/JSON-RPC +(\S+) /)
  const [, api = ''] = await program.printed(/console +(http:\S+)\//)
  const health = async () => {
    const answer = await fetch(`${api}/readyz`)
    const { checks } = (await answer.json()) as {
      readonly checks: readonly { readonly name: string; readonly detail: string }[]
    }
    const finality = checks.find(({ name }) => name === 'finality')?.detail ?? ''
    return { status: answer.status, finality }
  }
  const grown = (number: number) =>
    eventually(async () => {
      const head = Number(await callRpc<string>(url, 'eth_blockNumber'))
      return head >= number ? head : undefined
    }, 60_000)
  const early = await health()
  assert.match(early.finality, /^block 0 of \d+ is final$/)
  await grown(every * most + 1)
  const late = await health()
  assert.match(late.finality, /^degraded: block 0 of \d+ is final$/)
  assert.equal(late.status, 200)
  const { degraded } = await callRpc<{ degraded: boolean }>(url, 'qs_consensus')
  assert.equal(degraded, true)
})

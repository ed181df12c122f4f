/** Mines chains by work in real processes: killed and started again, verified, and joined by their files. */

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { callRpc, eventually, type Program, startProgram, temporaryFolder } from './program.ts'

interface Head {
  readonly number: string
  readonly hash: string
  readonly miner: string
}

const [alice, bob] = [`0x${'a1'.repeat(20)}`, `0x${'b0'.repeat(20)}`]

async function run(...words: readonly string[]) {
  const program = startProgram(['chain', ...words])
  const [code] = await program.exited
  return { code, output: program.output().trim() }
}

/** A chain whose blocks take some 4,000 digests. */
async function writeManifest(folder: string): Promise<string> {
  const target = String(2n ** 244n)
  const file = path.join(folder, 'work.json')
  const manifest = {
    ...{ version: 1, name: 'work', chainId: '20251', hardfork: 'osaka' },
    consensus: { engine: 'pow', startTarget: target, easiestTarget: target },
    genesis: {
      ...{ timestamp: String(Math.floor(Date.now() / 1_000)), gasLimit: '30000000' },
      ...{ baseFeePerGas: '1000000000', extraData: '0x', accounts: [] },
    },
  }
  await writeFile(file, JSON.stringify(manifest))
  return file
}

async function startNode(t: TestContext, words: readonly string[]) {
  const program = startProgram(['start', '--rpc-port', '0', '--api-port', '0', ...words])
  t.after(async () => void program.child.kill('SIGKILL'))
  const [, url = ''] = await program.printed(/JSON-RPC +(\S+) /)
  const head = () => callRpc<Head>(url, 'eth_getBlockByNumber', 'latest', false)
  /** Resolves once the chain has grown so far. */
  const grown = (number: number) =>
    eventually(async () => {
      const found = await head()
      return Number(found.number) >= number ? found : undefined
    }, 60_000)
  return { program, url, head, grown }
}

async function end({ child, exited }: Program): Promise<void> {
  child.kill('SIGTERM')
  assert.deepEqual(await exited, [0, null])
}

test('a chain sealed by work outlives a kill, and is verified with its seals', {
  timeout: 240_000,
}, async (t) => {
  const folder = await temporaryFolder(t)
  const data = path.join(folder, 'data')
  const words = ['--genesis', await writeManifest(folder), '--data', data]
  const first = await startNode(t, [...words, '--miner', alice])
  assert.match(first.program.output(), /"work", id 20251, osaka, 15 s blocks by work/)
  const known = await first.grown(3)
  assert.equal(known.miner, alice)
  assert.equal(await callRpc(first.url, 'eth_mining'), true)
  first.program.child.kill('SIGKILL')
  await first.program.exited

  // The folder is enough to know the chain again.
  const second = await startNode(t, ['--data', data, '--miner', alice])
  const kept = await callRpc<Head>(second.url, 'eth_getBlockByNumber', known.number, false)
  assert.equal(kept.hash, known.hash)
  const number = Number((await second.head()).number)
  await second.grown(number + 2)
  await end(second.program)

  const verified = await run('verify', '--data', data, '--run')
  assert.equal(verified.code, 0, verified.output)
  assert.match(verified.output, /nothing differs/)

  // Without a miner the chain is only followed.
  const third = await startNode(t, ['--data', data])
  assert.equal(await callRpc(third.url, 'eth_mining'), false)
  await end(third.program)
})

test('of two branches that are given by import, the one with more work is followed', {
  timeout: 240_000,
}, async (t) => {
  const folder = await temporaryFolder(t)
  const manifest = await writeManifest(folder)
  const mined = async (name: string, miner: string, number: number) => {
    const data = path.join(folder, name)
    const node = await startNode(t, ['--genesis', manifest, '--data', data, '--miner', miner])
    await node.grown(number)
    await end(node.program)
    return data
  }
  const short = await mined('short', alice, 2)
  const shortEnd = await run('verify', '--data', short)
  const length = Number(/up to block (\d+)/.exec(shortEnd.output)?.[1])
  const long = await mined('long', bob, length + 2)
  const file = path.join(folder, 'blocks.rlp')
  assert.equal((await run('export', file, '--data', long)).code, 0)
  const joined = await startNode(t, ['--data', short, '--import', file])
  const head = await joined.head()
  assert.equal(head.miner, bob)
  assert.ok(Number(head.number) > length)
  const paid = await callRpc<string>(joined.url, 'eth_getBalance', alice, 'latest')
  assert.equal(paid, '0x0')
  await end(joined.program)
  // A stored chain takes the same blocks once more, and has them.
  const imported = await run('import', file, '--data', short)
  assert.equal(imported.code, 0, imported.output)
  assert.match(imported.output, /^0 blocks are new/m)
  const verified = await run('verify', '--data', short, '--run')
  assert.match(verified.output, /nothing differs/)
})

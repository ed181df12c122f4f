/** Starts nodes that follow a chain of elsewhere: by its genesis and a file of blocks, and by their data alone. */

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { genesisOf } from '../../src/chain/genesis.ts'
import { encodeBlock } from '../../src/chain/ledger/block-codec.ts'
import { manifestFromGenesis } from '../../src/chain/ledger/genesis-json.ts'
import { startProgram, temporaryFolder } from './program.ts'

const someone = `0x${'ab'.repeat(20)}`
const genesis = JSON.stringify({
  config: {
    ...{ chainId: 4_242, homesteadBlock: 0, eip150Block: 0, eip155Block: 0, eip158Block: 0 },
    ...{ byzantiumBlock: 0, constantinopleBlock: 0, petersburgBlock: 0, istanbulBlock: 0 },
    ...{ berlinBlock: 0, londonBlock: 0, terminalTotalDifficulty: 0, shanghaiTime: 0 },
  },
  ...{ gasLimit: '0x1c9c380', difficulty: '0x0', timestamp: '0x3e8' },
  alloc: { [someone]: { balance: '0x7' } },
})

test('a chain is followed from its genesis file on, and goes on from its data alone', {
  timeout: 240_000,
}, async (t) => {
  const folder = await temporaryFolder(t)
  const [data, birth] = [path.join(folder, 'data'), path.join(folder, 'genesis.json')]
  await writeFile(birth, genesis)
  const words = ['start', '--data', data, '--rpc-port', '0', '--api-port', '0']
  for (const more of [['--genesis', birth], []]) {
    const node = startProgram([...words, ...more])
    t.after(() => node.child.kill('SIGKILL'))
    const [, url = ''] = await node.printed(/JSON-RPC +(http:\/\/127\.0\.0\.1:\d+)/)
    await node.printed(/"ethereum", id 4242, shanghai, blocks from elsewhere/)
    const ask = async (method: string, ...params: readonly unknown[]) => {
      const headers = { 'content-type': 'application/json' }
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
      const answer = await fetch(url, { method: 'POST', headers, body })
      return ((await answer.json()) as { result: unknown }).result
    }
    assert.equal(await ask('eth_chainId'), '0x1092')
    assert.equal(await ask('eth_getBalance', someone, 'latest'), '0x7')
    for (const tag of ['latest', 'safe', 'finalized']) {
      const block = (await ask('eth_getBlockByNumber', tag, false)) as { number: string }
      assert.equal(block.number, '0x0')
    }
    node.child.kill('SIGTERM')
    await node.exited
  }
})

test('a block that is wrong ends the start with one sentence', { timeout: 240_000 }, async (t) => {
  const folder = await temporaryFolder(t)
  const [birth, blocks] = [path.join(folder, 'genesis.json'), path.join(folder, 'blocks.rlp')]
  await writeFile(birth, genesis)
  const { executed } = genesisOf(manifestFromGenesis(genesis, 'any'))
  const { header, hash } = executed.block
  const wrong = { ...header, number: 1n, parentHash: hash, timestamp: header.timestamp }
  await writeFile(blocks, encodeBlock({ ...executed.block, header: wrong }))
  const end = async (...more: readonly string[]) => {
    const words = ['--data', path.join(folder, 'data'), '--rpc-port', '0', '--api-port', '0']
    const program = startProgram(['start', ...words, ...more])
    const [code] = await program.exited
    assert.equal(code, 1)
    return program.output().trim()
  }
  const refused = await end('--genesis', birth, '--import', blocks)
  assert.match(
    refused,
    /^error: block 1 of .*blocks\.rlp is refused: timestamp, .*ends with block 0$/,
  )
  await writeFile(blocks, 'no blocks')
  assert.match(await end('--import', blocks), /^error: .*blocks\.rlp/)
  const both = await end('--dev', '--import', blocks)
  assert.match(both, /^error: .*--import/)
})

/** Reads a chain of some thousand blocks from a running node: by pages, as a stream, slowly, and cut off. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { readBlockFile } from '../../src/chain/block-files.ts'
import type { RunningNode } from '../../src/node/node.ts'
import { alice, bob, type Page, startCalm } from './calm-node.ts'
import { callRpc, eventually, getJson, temporaryFolder } from './program.ts'

type Hex = `0x${string}`

describe('a chain of some thousand blocks', { timeout: 300_000 }, () => {
  const length = 2_000
  let node: RunningNode
  let chain = ''
  const cleaning: (() => Promise<void>)[] = []
  before(async () => {
    node = await startCalm({ after: (run) => void cleaning.unshift(run) })
    chain = `${node.apiUrl}/v1/chains/dev`
    const rpc = node.rpcUrl ?? ''
    const data = `0x${'ab'.repeat(100_000)}`
    // Enough bytes that they cannot all lie in buffers between node and reader.
    for (let at = 0; at < length; at += 500) {
      for (let one = 0; one < 80; one += 1) {
        const call = { from: alice.address, to: bob.address, data }
        await callRpc(rpc, 'eth_sendTransaction', call)
      }
      await callRpc(rpc, 'evm_mine', { blocks: 500 })
    }
  })
  after(async () => {
    for (const run of cleaning) await run()
  })

  const head = async () => Number(await callRpc<Hex>(node.rpcUrl ?? '', 'eth_blockNumber'))

  /** A connection that asks for a path and reads nothing by itself. */
  async function ask(pathname: string): Promise<Socket> {
    const { hostname, port, host } = new URL(node.apiUrl)
    const socket = connect(Number(port), hostname)
    socket.pause()
    await once(socket, 'connect')
    socket.write(`GET ${pathname} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)
    return socket
  }

  /** Pages of blocks that the API has asked the chain for. */
  async function pagesAsked(): Promise<number> {
    const metrics = await (await fetch(`${node.apiUrl}/metrics`)).text()
    const line = /requests_total\{method="qs_rawBlocks",outcome="ok"\} (\d+)/.exec(metrics)
    return Number(line?.[1] ?? 0)
  }

  /** The same number twice: nothing is asked for any more. */
  async function settled(): Promise<number> {
    let last = -1
    return eventually(async () => {
      const now = await pagesAsked()
      const isStill = now === last && now > 0
      last = now
      return isStill ? now : undefined
    })
  }

  test('comes as JSON by pages, and as lines', async () => {
    const first = await getJson<Page<{ number: Hex; hash: Hex }>>(`${chain}/json-chain?limit=3`)
    assert.deepEqual(
      first.items.map(({ number }) => number),
      ['0x0', '0x1', '0x2'],
    )
    const second = await getJson<Page<{ parentHash: Hex }>>(
      `${chain}/json-chain?limit=3&cursor=${first.next}`,
    )
    assert.equal(second.items[0]?.parentHash, first.items[2]?.hash)
    const response = await fetch(`${chain}/json-chain`, {
      headers: { accept: 'application/x-ndjson' },
    })
    assert.equal(response.headers.get('content-type'), 'application/x-ndjson')
    const blocks = (await response.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.equal(blocks.length, (await head()) + 1)
    for (const [at, block] of blocks.entries()) {
      assert.equal(Number(block.number), at)
      if (at > 0) assert.equal(block.parentHash, blocks[at - 1].hash)
    }
  })

  test('comes in RLP, as its own import and other clients read it', async () => {
    const folder = await temporaryFolder({ after: (run) => void cleaning.push(run) })
    const file = path.join(folder, 'blocks')
    const response = await fetch(`${chain}/chain?from=2&to=1500`)
    await writeFile(file, response.body ?? '')
    let next = 2n
    for await (const { header } of readBlockFile(file)) {
      assert.equal(header.number, next)
      next += 1n
    }
    assert.equal(next, 1_501n)
    for (const query of ['from=x', 'from=-1', 'from=5&to=4'])
      assert.equal((await fetch(`${chain}/chain?${query}`)).status, 400, query)
    const nothing = await fetch(`${chain}/chain`, { method: 'HEAD' })
    assert.deepEqual([nothing.status, await nothing.text()], [200, ''])
  })

  test('waits for a slow reader with little in memory, and gives it everything', async () => {
    const whole = Buffer.from(await (await fetch(`${chain}/chain`)).arrayBuffer())
    const ofWhole = await settled()
    const socket = await ask('/v1/chains/dev/chain')
    const ahead = (await settled()) - ofWhole
    assert.ok(ahead < ofWhole / 2, `${ahead} pages were read ahead of a reader that takes none`)
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => void chunks.push(chunk))
    socket.resume()
    await once(socket, 'end')
    const answer = Buffer.concat(chunks)
    assert.deepEqual(unchunked(answer.subarray(answer.indexOf('\r\n\r\n') + 4)), whole)
  })

  test('asks for nothing more when the connection is cut, and has room for others again', async () => {
    const sockets: Socket[] = []
    for (let at = 0; at < 16; at += 1) sockets.push(await ask('/v1/chains/dev/chain'))
    const full = await eventually(async () => {
      const one = await fetch(`${chain}/chain?from=0&to=0`)
      await one.arrayBuffer()
      return one.status === 429 ? one.status : undefined
    })
    assert.equal(full, 429)
    for (const socket of sockets) socket.destroy()
    await eventually(async () => {
      const one = await fetch(`${chain}/chain?from=0&to=0`)
      await one.arrayBuffer()
      return one.status === 200 ? one : undefined
    })
    const asked = await settled()
    await fetch(`${chain}/stats`)
    assert.equal(await pagesAsked(), asked)
  })

  test('is cut, not ended, when it is reorganised under a reader', async () => {
    const socket = await ask('/v1/chains/dev/chain')
    await settled()
    const rpc = node.rpcUrl ?? ''
    await callRpc(rpc, 'hardhat_reset')
    await callRpc(rpc, 'evm_mine', { blocks: length + 100 })
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => void chunks.push(chunk))
    socket.on('error', () => {})
    socket.resume()
    await once(socket, 'close')
    assert.ok(!Buffer.concat(chunks).subarray(-7).equals(Buffer.from('\r\n0\r\n\r\n')))
  })
})

/** The content of chunks (RFC 9112, section 7.1). */
function unchunked(body: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; ; ) {
    const end = body.indexOf('\r\n', at)
    const size = Number.parseInt(body.toString('latin1', at, end), 16)
    if (size === 0) return Buffer.concat(parts)
    parts.push(body.subarray(end + 2, end + 2 + size))
    at = end + 2 + size + 2
  }
}

/** Lets four validators hold a chain as real processes over real links: killed one after the other, and verified. */

import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { callRpc, startProgram, temporaryFolder } from './program.ts'
import { owner, startValidators, transfer } from './validator-nodes.ts'

test('four validators go on while each is killed in turn, and none signs or says anything else', {
  timeout: 240_000,
}, async (t) => {
  const count = 4
  const folder = await temporaryFolder(t)
  const { node, blockAt, grown, kill, stop, restart } = await startValidators(t, { folder, count })
  const all = Array.from({ length: count }, (_, at) => at)
  let height = Math.max(...(await Promise.all(all.map((at) => grown(at, 2)))))
  for (const at of all) {
    const other = (at + 1) % count
    await kill(at)
    await callRpc(node(other).url, 'eth_sendRawTransaction', transfer(at))
    height = await grown(other, height + 3)
    await restart(at)
    height = Math.max(await grown(at, height), height)
  }
  await Promise.all(all.map((at) => grown(at, height + 2)))
  for (let number = 1; number <= height; number += 1) {
    const blocks = await Promise.all(all.map((at) => blockAt(at, `0x${number.toString(16)}`)))
    assert.equal(new Set(blocks.map((block) => block?.hash)).size, 1, `block ${number}`)
  }
  for (const at of all) {
    const nonce = await callRpc(node(at).url, 'eth_getTransactionCount', owner, 'latest')
    assert.equal(nonce, '0x4')
    assert.equal(await callRpc(node(at).url, 'net_peerCount'), '0x3')
    const peers = await callRpc<{ readonly validator?: string }[]>(node(at).url, 'qs_discover')
    assert.equal(new Set(peers.map(({ validator }) => validator)).size, 3)
  }
  await proves(folder, new URL(node(1).url).port, height)
  for (const at of all) {
    await stop(at)
    assert.doesNotMatch(node(at).program.output(), /signed twice|consensus-failure/)
  }
  const verify = startProgram(['chain', 'verify', '--data', path.join(folder, 'data-0')])
  assert.deepEqual(await verify.exited, [0, null], verify.output())
})

/** A node gives a proof that a block is final, which the manifest alone shows to be true. */
async function proves(folder: string, port: string, height: number): Promise<void> {
  const file = path.join(folder, 'proof.json')
  const exported = startProgram([
    ...['chain', 'certificate', String(height), '--out', file, '--rpc-port', port],
  ])
  assert.deepEqual(await exported.exited, [0, null], exported.output())
  const manifest = path.join(folder, 'manifest.json')
  const verified = startProgram(['chain', 'verify-proof', file, '--genesis', manifest])
  assert.deepEqual(await verified.exited, [0, null], verified.output())
  assert.match(verified.output(), new RegExp(`block ${height}, 0x[0-9a-f]{64}, is final`))
  const trust = `1:0x${'00'.repeat(32)}`
  const words = ['chain', 'verify-proof', file, '--genesis', manifest, '--trust', trust]
  const refused = startProgram(words)
  assert.deepEqual(await refused.exited, [1, null])
  assert.match(refused.output(), /does not begin with the trusted block/)
}

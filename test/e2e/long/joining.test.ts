/** Lets a node join four validators by a snapshot while they go on, as real processes over real links. */

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { freePort } from '../../../src/base/test-ports.ts'
import type { DrivenChain } from '../../../src/chain/chain-parts.ts'
import type { Manifest } from '../../../src/chain/ledger/manifest.ts'
import { manifestToJson } from '../../../src/chain/ledger/manifest-codec.ts'
import { SwiftClock } from '../../../src/chain/test-chain/swift-clock.ts'
import { TestLinks } from '../../../src/chain/test-chain/test-links.ts'
import { startNode, votedManifest } from '../../../src/chain/test-chain/voted-chain.ts'
import { type SigningKey, signingKey } from '../../../src/crypto/signatures.ts'
import { createKeyFile, openKeyFile } from '../../../src/node/key-files.ts'
import { callRpc, eventually, startProgram, temporaryFolder } from '../program.ts'

const [count, blocks, every] = [4, 2_250, 1_000]
const password = 'a long password'
/** Virtual time of a block, at most. */
const blockMs = 20_000

interface Named {
  readonly number: string
  readonly hash: string
  readonly stateRoot: string
}

function manifestOf(keys: readonly SigningKey[]): Manifest {
  const wait = { baseMs: 60_000, deltaMs: 10_000 }
  const given = votedManifest(new Uint8Array(20).fill(7), keys)
  const { consensus, genesis } = given
  const timestamp = BigInt(Math.floor((Date.now() - blocks * blockMs) / 1_000))
  return {
    ...{ ...given, genesis: { ...genesis, timestamp } },
    consensus: {
      ...{ ...consensus, timeouts: { propose: wait, prevote: wait, precommit: wait } },
      maxTimeoutMs: 600_000,
    },
  } as Manifest
}

/** The data of four validators whose chain has many blocks, made without waiting for time or disks. */
async function validatorsIn(folder: string, manifest: Manifest, keys: readonly SigningKey[]) {
  const memory = await mkdtemp(
    path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'qs-joining-'),
  )
  try {
    const links = new TestLinks()
    const time = new SwiftClock(Number(manifest.genesis.timestamp) * 1_000)
    const nodes: DrivenChain[] = []
    for (const [at, key] of keys.entries()) {
      const data = path.join(memory, `data-${at}`, 'chains')
      await mkdir(data, { recursive: true })
      const place = { name: `node-${at}`, folder: data, manifest, snapshotEvery: every }
      nodes.push(await startNode(links, { ...place, keys: [key] }, time))
    }
    const isThere = () => nodes.every((node) => node.head().header.number >= BigInt(blocks))
    await time.until(isThere, 100)
    for (const node of nodes) await node.stop()
    for (const at of keys.keys()) {
      const data = path.join(memory, `data-${at}`)
      await cp(path.join(data, 'chains', 'guard-0'), path.join(folder, `key-${at}.guard`))
      await rm(path.join(data, 'chains', 'guard-0'))
    }
    await cp(memory, folder, { recursive: true })
  } finally {
    await rm(memory, { recursive: true })
  }
}

test('a node joins four validators by a snapshot while they go on', {
  timeout: 400_000,
}, async (t) => {
  const folder = await temporaryFolder(t)
  const passwordFile = path.join(folder, 'password')
  await writeFile(passwordFile, password)
  const keys: SigningKey[] = []
  for (let at = 0; at < count; at += 1) {
    await createKeyFile(path.join(folder, `key-${at}`), password)
    keys.push(signingKey('ed25519', await openKeyFile(path.join(folder, `key-${at}`), password)))
  }
  const manifest = manifestOf(keys)
  const genesis = path.join(folder, 'manifest.json')
  await writeFile(genesis, manifestToJson(manifest))
  await validatorsIn(folder, manifest, keys)
  const ports = await Promise.all(keys.map(() => freePort()))
  const peers = ports.map((port) => `127.0.0.1:${port}`).join(',')
  const start = async (data: string, flags: readonly string[]) => {
    const program = startProgram([
      ...['start', '--chain', 'voted', '--data', path.join(folder, data), '--rpc-port', '0'],
      ...['--api-port', '0', '--peers-host', '127.0.0.1', '--peers', peers, ...flags],
    ])
    t.after(async () => void program.child.kill('SIGKILL'))
    const [, url = ''] = await program.printed(/JSON-RPC +(\S+) /)
    return { program, url }
  }
  const nodes = await Promise.all(
    ports.map((port, at) =>
      start(`data-${at}`, [
        ...['--peers-port', String(port), '--validator-key-file', path.join(folder, `key-${at}`)],
        ...['--validator-scheme', 'ed25519', '--validator-password-file', passwordFile],
      ]),
    ),
  )
  const head = (url: string) => callRpc<Named>(url, 'eth_getBlockByNumber', 'latest', false)
  const heightOf = async (url: string) => Number((await head(url)).number)
  const first = nodes[0]?.url ?? ''
  const before = await eventually(async () => {
    const height = await heightOf(first)
    return height > blocks ? height : undefined
  }, 60_000)
  const words = ['chain', 'join', genesis, '--data', path.join(folder, 'joined'), '--peers', peers]
  const joining = startProgram(words)
  assert.deepEqual(await joining.exited, [0, null], joining.output())
  assert.match(joining.output(), /from block 2001 on, up to block \d+/)
  const joined = await start('joined', [])
  const height = await eventually(async () => {
    const own = await heightOf(joined.url)
    return own > before + 3 ? own : undefined
  }, 60_000)
  const number = `0x${height.toString(16)}`
  const same = await Promise.all(
    [joined, ...nodes].map(({ url }) =>
      eventually(
        async () =>
          (await callRpc<Named | null>(url, 'eth_getBlockByNumber', number, false)) ?? undefined,
      ),
    ),
  )
  assert.equal(new Set(same.map(({ hash, stateRoot }) => `${hash} ${stateRoot}`)).size, 1)
  await assert.rejects(callRpc(joined.url, 'eth_getBlockByNumber', '0x5', false), /from 2001 on/)
  await assert.rejects(callRpc(joined.url, 'eth_getLogs', { fromBlock: '0x1' }), /from 2001 on/)
  assert.equal(await callRpc(joined.url, 'eth_syncing'), false)
  assert.ok(await callRpc(joined.url, 'qs_finalityProof', '0x0', number))
  joined.program.child.kill('SIGTERM')
  assert.deepEqual(await joined.program.exited, [0, null], joined.program.output())
  const verify = startProgram(['chain', 'verify', '--run', '--data', path.join(folder, 'joined')])
  assert.deepEqual(await verify.exited, [0, null], verify.output())
})

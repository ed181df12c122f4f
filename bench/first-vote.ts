/** Measures how soon a validator of a long chain votes after its process began: after a stop, after a kill, and without a checkpoint. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type FileHandle, mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { silentLogger } from '../src/base/logger.ts'
import { type ChainLog, openChainLog } from '../src/chain/chain-log.ts'
import { engineBirth } from '../src/chain/consensus/birth.ts'
import { quorumCertificate } from '../src/chain/consensus/certificate.ts'
import { derivedHash, encodeDerived } from '../src/chain/consensus/derived.ts'
import type { Certificate } from '../src/chain/consensus/messages.ts'
import { encodeRecord, plainRecord, recordHash } from '../src/chain/consensus/record.ts'
import { voteSignBytes } from '../src/chain/consensus/sign-bytes.ts'
import { encodeProofs } from '../src/chain/decided-block.ts'
import { genesisOf } from '../src/chain/genesis.ts'
import type { ExecutedBlock } from '../src/chain/ledger/block.ts'
import { headerHash } from '../src/chain/ledger/block-codec.ts'
import type { Manifest } from '../src/chain/ledger/manifest.ts'
import { manifestToJson } from '../src/chain/ledger/manifest-codec.ts'
import { encodeDifference } from '../src/chain/state/difference-codec.ts'
import { keepManifest } from '../src/chain/stored-manifest.ts'
import { type SigningKey, signingKey } from '../src/crypto/signatures.ts'
import { createKeyFile, openKeyFile } from '../src/node/key-files.ts'
import { foundersOf, testnetManifest } from '../tools/testnet-manifest.ts'
import { spreadOf, spreadText, table } from './measure.ts'

const sizes = [1_000, 100_000]
const scheme = 'ed25519'
const main = path.join(import.meta.dirname, '../src/cli/main.ts')
const password = 'only for tests'
const nothing = encodeDifference({ accounts: [], codes: [] })

/** A validator that is alone, and where its things lie. */
interface Place {
  readonly folder: string
  readonly manifest: Manifest
  readonly key: SigningKey
}

/** Seconds from the beginning of the process until its first vote is on disk. */
export async function firstVoteTable(runs: number): Promise<string> {
  const rows: string[][] = []
  for (const blocks of sizes) {
    const folder = await mkdtemp(path.join(tmpdir(), 'qs-vote-'))
    try {
      const place = await placeIn(folder, blocks)
      await writeChain(place, blocks)
      const alone = await firstVote(place, 'SIGTERM')
      const found: Record<'stopped' | 'killed', number[]> = { stopped: [], killed: [] }
      for (let run = 0; run < runs; run += 1) {
        found.stopped.push(await firstVote(place, 'SIGKILL'))
        found.killed.push(await firstVote(place, 'SIGTERM'))
      }
      rows.push([
        ...[blocks.toLocaleString('en'), spreadText(spreadOf(found.stopped))],
        ...[spreadText(spreadOf(found.killed)), alone.toFixed(2)],
      ])
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    }
  }
  const head = ['blocks', 'after a stop, s', 'after a kill, s', 'without a checkpoint, s']
  return table(head, rows)
}

/** Its key, and a manifest by which the chain is as old as it has blocks. */
async function placeIn(folder: string, blocks: number): Promise<Place> {
  const keyFile = path.join(folder, 'key')
  await createKeyFile(keyFile, password)
  await writeFile(path.join(folder, 'password'), password)
  const seed = await openKeyFile(keyFile, password)
  const born = Math.floor(Date.now() / 1_000) - blocks - 60
  const manifest = testnetManifest('bft', foundersOf(scheme, [seed]), born)
  await writeFile(path.join(folder, 'manifest.json'), manifestToJson(manifest))
  return { folder, manifest, key: signingKey(scheme, seed) }
}

/** Writes blocks without transactions as they would have been decided, without waiting for the disk each time. */
async function writeChain({ folder, manifest, key }: Place, count: number): Promise<void> {
  const own = path.join(folder, 'data', 'chains', manifest.name)
  const { key: chainKey } = await keepManifest(own, manifest)
  const log = await openChainLog({
    ...{ folder: own, key: chainKey, logger: silentLogger },
    listener: { begin() {}, resume() {}, block() {}, rewind() {}, change() {} },
  })
  const restore = await leaveOutSyncs()
  let last: { executed: ExecutedBlock; proof: Certificate | undefined } = {
    executed: genesisOf(manifest).executed,
    proof: undefined,
  }
  for (let at = 0; at < count; at += 1)
    last = await addBlock({ log, manifest, key, chainKey }, last)
  restore()
  await log.close()
}

async function addBlock(
  chain: Omit<Place, 'folder'> & { readonly log: ChainLog; readonly chainKey: Uint8Array },
  { executed, proof: parentProof }: { executed: ExecutedBlock; proof: Certificate | undefined },
) {
  const { log, manifest, key, chainKey } = chain
  const derived = engineBirth(manifest.consensus)?.derived
  if (derived === undefined) throw new Error('the chain has no records')
  const { header: parent, hash: parentHash } = executed.block
  const record = encodeRecord({
    ...plainRecord('bft', { derivedHash: derivedHash(derived), timeMs: 0 }),
    validatorsHash: derived.validators.hash,
    nextValidatorsHash: derived.nextValidators.hash,
    parentSigners: Uint8Array.of(1),
  })
  const [number, timestamp] = [parent.number + 1n, parent.timestamp + 1n]
  const header = { ...parent, parentHash, number, timestamp, extraData: recordHash(record) }
  const hash = headerHash(header)
  const vote = {
    ...({ instance: 0, type: 'precommit', height: number, round: 0, validRound: -1 } as const),
    value: hash,
  }
  const place = { chainKey, setHash: derived.validators.hash }
  const signature = key.sign(voteSignBytes(vote, place))
  const proof = quorumCertificate([{ ...vote, validatorIndex: 0, signature }], 1)
  const added = { ...executed, block: { ...executed.block, header, hash, record } }
  await log.append(added, {
    ...{ difference: nothing, derived: encodeDerived(derived) },
    proofs: encodeProofs({ proof, parentProof, polkas: [] }),
  })
  return { executed: added, proof }
}

/** Files are not synced until what it gives is called. */
async function leaveOutSyncs(): Promise<() => void> {
  const probe = await open(import.meta.filename)
  const prototype = Object.getPrototypeOf(probe) as FileHandle
  await probe.close()
  const real = prototype.datasync
  prototype.datasync = async () => {}
  return () => {
    prototype.datasync = real
  }
}

/** One life of the process. */
async function firstVote({ folder }: Place, end: 'SIGTERM' | 'SIGKILL'): Promise<number> {
  const file = (name: string) => path.join(folder, name)
  const guard = file('key.guard')
  const contents = () => readFile(guard, 'base64').catch(() => '')
  const before = await contents()
  const words = [
    ...['start', '--genesis', file('manifest.json'), '--data', file('data')],
    ...['--rpc-port', '0', '--api-port', '0', '--validator-scheme', scheme],
    ...['--validator-key-file', file('key'), '--validator-password-file', file('password')],
  ]
  const began = performance.now()
  const child = spawn(process.execPath, [main, ...words], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(child, 'exit')
  // The first file of a guard has nothing in it.
  const isSigned = async () => {
    const now = await contents()
    return now !== before && (before !== '' || (await stat(guard)).mtimeMs > 0)
  }
  while (!(await isSigned())) {
    if (child.exitCode !== null) throw new Error(`the node stopped with ${child.exitCode}`)
    await pause(5)
  }
  const seconds = (performance.now() - began) / 1_000
  await pause(3_000)
  child.kill(end)
  await ended
  return seconds
}

/** Writes what a joined chain begins on: the file of its state, then the log that names it. */

import { link, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../base/app-error.ts'
import { equalBytes, toHex } from '../../base/bytes.ts'
import { openBlockLog } from '../../store/block-log.ts'
import { syncFolder } from '../../store/durable-folder.ts'
import { writePieces } from '../../store/piece-file.ts'
import { BlockPlaces } from '../block-places.ts'
import { baseBlock, baseFile } from '../chain-base.ts'
import { decodeRecord, encodeRecord, type LogRecord } from '../chain-records.ts'
import type { Hash } from '../ledger/transaction.ts'
import { checkpointFile, encodeResumption } from '../resumption.ts'
import { SnapshotBuilder } from '../state/snapshot-builder.ts'
import { turnTaking } from '../turn-taking.ts'
import type { ChunkStore } from './chunk-store.ts'
import type { ProvenBase } from './proven-base.ts'

/** Longest log, in bytes, that can have nothing in it but the birth of its chain. */
const birthBytes = 4 * 1024

/** Where a chain is to begin. */
interface Installation {
  /** Of the chain. */
  readonly folder: string
  readonly key: Hash
  readonly genesisRoot: Hash
  /** Hears which portion is written. */
  readonly tell: (portion: number) => void
}

const logFile = (folder: string) => path.join(folder, 'blocks.log')

/** Whether a chain's folder holds no block yet. */
export async function isUnbegun(folder: string): Promise<boolean> {
  const size = await stat(logFile(folder)).then(
    (found) => found.size,
    () => 0,
  )
  if (size === 0) return true
  if (size > birthBytes) return false
  const records: LogRecord['kind'][] = []
  const log = await openBlockLog({
    path: logFile(folder),
    visit: (payload) => void records.push(decodeRecord(payload).kind),
  })
  await log.close()
  return records.every((kind) => kind === 'birth')
}

/**
 * Makes the state of chunks, and begins the chain with it; done again after a crash, it does what is left.
 *
 * @throws AppError `state/bad-snapshot` when the chunks do not give the state of the base
 */
export async function installBase(
  base: ProvenBase,
  chunks: ChunkStore,
  { folder, key, genesisRoot, tell }: Installation,
): Promise<void> {
  let records = 0
  const visit = () => {
    records += 1
  }
  const log = await openBlockLog({ path: logFile(folder), visit })
  try {
    if (records === 0) await log.append(encodeRecord({ kind: 'birth', key }))
    const position = log.end()
    const index = new BlockPlaces()
    index.add({ ...baseBlock(base).block, transactionHashes: [] }, position)
    const { number, hash } = base
    const appendix = encodeResumption({ number, hash, genesisRoot, position }, index.encode(number))
    await writeState(base, chunks, { file: baseFile(folder), appendix, tell })
    const { header, record, derived, parentDerived, certificate, hashes, proof } = base
    const kept = { header, record, derived, parentDerived, certificate, hashes, proof }
    await log.append(encodeRecord({ kind: 'base', base: kept }))
  } finally {
    await log.close()
  }
  await linkCheckpoint(folder)
}

/** A start goes on from the state, without the accounts of the birth. */
async function linkCheckpoint(folder: string): Promise<void> {
  const file = checkpointFile(folder)
  await rm(`${file}.new`, { force: true })
  await link(baseFile(folder), `${file}.new`)
  await rename(`${file}.new`, file)
  await syncFolder(folder)
}

async function writeState(
  base: ProvenBase,
  chunks: ChunkStore,
  { file, appendix, tell }: { file: string; appendix: Uint8Array; tell: Installation['tell'] },
): Promise<void> {
  const writer = await writePieces(file)
  try {
    const builder = new SnapshotBuilder((piece) => writer.append(piece))
    const pause = turnTaking()
    let done = 0
    for (const bytes of chunks.all()) {
      builder.take(bytes)
      await writer.drain()
      await pause()
      done += 1
      tell(done / chunks.count)
    }
    const { root, last } = builder.finish(appendix)
    if (!equalBytes(root, base.stateRoot)) {
      const message = `the snapshot gives the state ${toHex(root)}, and block ${base.number} has ${toHex(base.stateRoot)}`
      throw new AppError({ code: 'state/bad-snapshot', message })
    }
    await writer.finish(last)
  } catch (error) {
    await writer.abandon()
    throw error
  }
}

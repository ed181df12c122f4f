/** Writes blocks to files and reads them again, in the form of go-ethereum's export or of era1 files. */

import { access, type FileHandle, open, rename } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../base/app-error.ts'
import { equalBytes } from '../base/bytes.ts'
import { syncFolder } from '../store/durable-folder.ts'
import type { Chain } from './chain.ts'
import type { BlockForm } from './files/block-form.ts'
import { ByteSource } from './files/byte-source.ts'
import { eraForm } from './files/era-form.ts'
import { rlpForm } from './files/rlp-form.ts'
import type { Block } from './ledger/block.ts'

/** Forms of files by name. */
const forms = { rlp: rlpForm, era: eraForm } as const
export type BlockFileForm = keyof typeof forms

/** Bytes that are written at once. */
const batchBytes = 1024 * 1024

/** The first bytes of an era1 file: an entry that says so. */
const eraMark = Uint8Array.of(0x65, 0x32, 0, 0, 0, 0, 0, 0)

/**
 * Reads the blocks of a file in either form, with no more than one of them in memory.
 *
 * @throws AppError `chain/no-file`, `chain/bad-file` with the place
 */
export async function* readBlockFile(file: string): AsyncGenerator<Block> {
  const source = await ByteSource.open(file)
  try {
    const first = await source.peek(eraMark.length)
    if (first.length === 0) throw source.bad('the file is empty')
    const form = equalBytes(first, eraMark) ? eraForm : rlpForm
    for await (const item of form.read(source)) if (item.kind === 'block') yield item.block
  } finally {
    await source.close()
  }
}

/** What is exported, and how. */
export interface ExportOptions {
  readonly chain: Pick<Chain, 'byNumber'>
  readonly file: string
  readonly form: BlockFileForm
  /** First and last block. */
  readonly from: bigint
  readonly to: bigint
  /** Ends the export early; it can be taken up again. */
  readonly signal?: AbortSignal
  /** Hears how many blocks are written. */
  readonly tell?: (done: bigint) => void
}

/**
 * Writes blocks to a file. Until all are there it has `.part` at the end of its name; one that is there already is gone
 * on with, if its blocks are those of the chain.
 *
 * @returns whether the file is whole
 * @throws AppError `chain/file-exists`, `chain/other-part`, `chain/no-block`
 */
export async function exportBlocks(options: ExportOptions): Promise<boolean> {
  const { file, chain, from, to, tell, signal } = options
  await assertFree(file)
  const part = `${file}.part`
  const form = forms[options.form]
  const { end, next } = await wholePart(part, form, options)
  const handle = await open(part, 'a')
  try {
    await handle.truncate(end)
    const writer = form.writer(end, () => totalDifficulty(chain, next))
    const output = new Batches(handle)
    let number = next
    for (; number <= to && !signal?.aborted; number += 1n) {
      await output.add(writer.write(blockOf(chain, number)))
      tell?.(number + 1n - from)
    }
    const isWhole = number > to
    if (isWhole) await output.add(writer.finish())
    await output.flush()
    await handle.sync()
    if (!isWhole) return false
  } finally {
    await handle.close()
  }
  await rename(part, file)
  await syncFolder(path.dirname(file))
  return true
}

/** Nothing that is there is written over. */
async function assertFree(file: string): Promise<void> {
  const exists = await access(file).then(
    () => true,
    () => false,
  )
  if (!exists) return
  const message = `${file} is there already; remove it, or choose another name`
  throw new AppError({ code: 'chain/file-exists', message })
}

/** Collects what is written, so that small blocks do not each need the disk. */
class Batches {
  readonly #handle: FileHandle
  #waiting: Uint8Array[] = []
  #bytes = 0

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  async add(bytes: Uint8Array): Promise<void> {
    this.#waiting.push(bytes)
    this.#bytes += bytes.length
    if (this.#bytes >= batchBytes) await this.flush()
  }

  async flush(): Promise<void> {
    if (this.#bytes > 0) await this.#handle.appendFile(Buffer.concat(this.#waiting))
    this.#waiting = []
    this.#bytes = 0
  }
}

/** How far a part that a broken-off export left is whole, and the block that comes next. */
async function wholePart(
  part: string,
  form: BlockForm,
  { chain, from }: ExportOptions,
): Promise<{ end: number; next: bigint }> {
  let [end, next, read] = [0, from, from]
  const source = await openOrNothing(part)
  if (source === undefined) return { end, next }
  try {
    for await (const item of form.read(source)) {
      if (item.kind === 'whole') [end, next] = [item.at, read]
      else {
        const { header, hash } = item.block
        if (header.number !== read || !equalBytes(blockOf(chain, read).block.hash, hash)) {
          throw otherPart(part, header.number)
        }
        read += 1n
      }
    }
  } catch (error) {
    // What a crash left at the end is written anew.
    if (!(error instanceof AppError) || error.code !== 'chain/bad-file') throw error
  } finally {
    await source.close()
  }
  return { end, next }
}

async function openOrNothing(part: string): Promise<ByteSource | undefined> {
  try {
    return await ByteSource.open(part)
  } catch (error) {
    const cause = error instanceof AppError ? (error.cause as NodeJS.ErrnoException) : undefined
    if (cause?.code === 'ENOENT') return undefined
    throw error
  }
}

/** The difficulties of all blocks before one, added up. */
function totalDifficulty(chain: ExportOptions['chain'], end: bigint): bigint {
  let sum = 0n
  for (let number = 0n; number < end; number += 1n) {
    sum += blockOf(chain, number).block.header.difficulty
  }
  return sum
}

function blockOf(chain: ExportOptions['chain'], number: bigint) {
  const executed = chain.byNumber(number)
  if (executed) return executed
  throw new AppError({ code: 'chain/no-block', message: `the chain has no block ${number}` })
}

function otherPart(part: string, number: bigint): AppError {
  const message = `${part} holds another block ${number} than is to be written there; remove it to begin anew`
  return new AppError({ code: 'chain/other-part', message })
}

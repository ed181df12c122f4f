/** Opens a chain of a data folder for one piece of work, while no node runs on it. */

import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../base/app-error.ts'
import { systemClock, systemTimer } from '../base/clock.ts'
import { fileReason } from '../base/file-reason.ts'
import { noMetrics } from '../base/metrics.ts'
import { type BlockFileForm, exportBlocks, readBlockFile } from '../chain/block-files.ts'
import { ChainFolders, layChain } from '../chain/chain-folders.ts'
import type { DrivenChain } from '../chain/chain-parts.ts'
import { sameId } from '../chain/chain-refusals.ts'
import { parseChainSettings } from '../chain/chain-settings.ts'
import { createChain } from '../chain/create-chain.ts'
import { type ImportResult, importBlocks } from '../chain/import-blocks.ts'
import { manifestFromGenesis } from '../chain/ledger/genesis-json.ts'
import type { Manifest } from '../chain/ledger/manifest.ts'
import { isChainName, parseManifest } from '../chain/ledger/manifest-codec.ts'
import { readStoredManifest } from '../chain/stored-manifest.ts'
import { type VerifyResult, verifyChain } from '../chain/verify-chain.ts'
import { sha256 } from '../crypto/sha256.ts'
import { lockFolder } from '../store/folder-lock.ts'
import { createLogger } from './pino-logger.ts'

/** Which chain, and how the work is followed. */
export interface StoredChainOptions {
  /** The data folder. */
  readonly data: string
  /** May be left out where the folder holds one chain. */
  readonly name?: string | undefined
  /** Ends the work early; done again, it goes on there. */
  readonly signal?: AbortSignal
  /** Hears how far the work is. */
  readonly tell?: (progress: Progress) => void
}

/** How far a piece of work is. */
export interface Progress {
  readonly done: bigint
  readonly of?: bigint
}

/** Largest file of a genesis or manifest, in bytes. */
const maxGenesisBytes = 256 * 1024 * 1024

/**
 * A manifest from a file: one of this program, or a genesis file of an Ethereum client.
 *
 * @param name - of the chain that a genesis file gives
 * @param folder - where the chain may lie already; a large file is not read again for it
 * @throws AppError `node/no-genesis`, `ledger/bad-manifest`, `ledger/bad-genesis`
 */
export async function readGenesisFile(
  file: string,
  { name, folder }: { readonly name: string; readonly folder: string },
): Promise<Manifest> {
  const failed = (reason: string, cause?: unknown) =>
    new AppError({ code: 'node/no-genesis', message: `${file} ${reason}`, cause })
  let bytes: Uint8Array
  try {
    const { size } = await stat(file)
    if (size > maxGenesisBytes) throw failed(`is over ${maxGenesisBytes} bytes`)
    bytes = await readFile(file)
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw failed(`cannot be read: ${fileReason(cause)}`, cause)
  }
  const source = sha256(bytes).toHex()
  const stored = await readStoredManifest(folder, source)
  if (stored) return stored
  const text = new TextDecoder().decode(bytes)
  const isManifest = /"consensus"\s*:/.test(text)
  try {
    return { ...(isManifest ? parseManifest(text) : manifestFromGenesis(text, name)), source }
  } catch (error) {
    throw error instanceof AppError ? ofFile(file, error) : error
  }
}

/** The same error with the name of the file in place of what kind of file it is. */
function ofFile(file: string, { code, message, cause }: AppError): AppError {
  return new AppError({ code, message: `${file}: ${message.replace(/^[a-z ]+: /, '')}`, cause })
}

/**
 * Makes a chain in a data folder by the manifest in a file.
 *
 * @param settings - JSON of those that differ from the settings of the process
 * @throws AppError `chain/name-taken`, `chain/id-taken`, `chain/no-parent`, `chain/bad-settings`, and as reading the file
 */
export async function initStoredChain(options: {
  readonly data: string
  readonly file: string
  readonly settings: unknown
  /** Whether nodes on the folder start it. */
  readonly isToRun: boolean
}): Promise<{ readonly name: string; readonly chainId: bigint; readonly key: Uint8Array }> {
  const { data, file, isToRun } = options
  const own = parseChainSettings(options.settings)
  const manifest = await readGenesisFile(file, { name: 'ethereum', folder: data })
  const { name, chainId, parent } = manifest
  if (parent) {
    const message = `${file} is the birth of a fork, whose state a running node copies from its parent: use "chain bang"`
    throw new AppError({ code: 'chain/no-parent', message })
  }
  const lock = await lockFolder(data)
  try {
    const folders = new ChainFolders(path.join(data, 'chains'))
    await folders.repair()
    for (const other of await folders.names()) {
      const stored = await readStoredManifest(folders.of(other)).catch(() => undefined)
      if (other !== name && stored?.chainId === chainId) throw sameId(other, chainId)
    }
    let key: Uint8Array = new Uint8Array()
    await folders.make(name, async (folder) => {
      key = await layChain(folder, manifest, { isToRun, own })
    })
    return { name, chainId, key }
  } finally {
    await lock.release()
  }
}

/** Writes blocks of a stored chain to a file. */
export async function exportStoredChain(
  options: StoredChainOptions & {
    readonly file: string
    readonly form: BlockFileForm
    readonly from?: bigint | undefined
    readonly to?: bigint | undefined
  },
): Promise<{ readonly blocks: bigint; readonly isWhole: boolean }> {
  const { file, form, signal, tell } = options
  return withChain(options, undefined, async (chain) => {
    const head = chain.head().header.number
    const first = chain.firstBlock() > 1n ? chain.firstBlock() : 0n
    const { from = first, to = head } = options
    if (from < first) throw notFrom(chain.manifest.name, first)
    if (from > to || to > head) {
      const message = `blocks ${from} to ${to} are not in the chain, which ends with block ${head}`
      throw new AppError({ code: 'chain/no-block', message })
    }
    const blocks = to + 1n - from
    const isWhole = await exportBlocks({
      ...{ chain, file, form, from, to },
      ...(signal && { signal }),
      tell: (done) => tell?.({ done, of: blocks }),
    })
    return { blocks, isWhole }
  })
}

function notFrom(name: string, first: bigint): AppError {
  const message = `the chain "${name}" joined by a snapshot and has blocks from ${first} on: export --from ${first}, or from a node that has all`
  return new AppError({ code: 'chain/no-block', message })
}

/**
 * Adds the blocks of a file to a stored chain, or to one that begins by a genesis file. One that began and got nothing, since
 * the file is not there or of another chain, is gone again: the next try may have another birth.
 */
export async function importStoredChain(
  options: StoredChainOptions & { readonly file: string; readonly genesis?: string | undefined },
): Promise<ImportResult & { readonly head: bigint }> {
  const { data, file, genesis, name = 'ethereum', signal, tell } = options
  const folder = path.join(data, 'chains', name)
  const birth = genesis === undefined ? undefined : await readGenesisFile(genesis, { name, folder })
  const folders = new ChainFolders(path.join(data, 'chains'))
  const isNew = birth !== undefined && !(await folders.names()).includes(birth.name)
  let isInVain = false
  try {
    return await withChain(options, birth, async (chain) => {
      isInVain = true
      const result = await importBlocks(chain, readBlockFile(file), {
        ...(signal && { signal }),
        tell: (done) => tell?.({ done }),
      })
      const head = chain.head().header.number
      isInVain = result.refused !== undefined && head === 0n
      return { ...result, head }
    })
  } finally {
    if (isNew && isInVain) await folders.remove(birth.name)
  }
}

/** Checks what a data folder holds of a chain. */
export async function verifyStoredChain(
  options: StoredChainOptions & { readonly run: boolean },
): Promise<VerifyResult> {
  const { run, signal, tell } = options
  return withManifest(options, undefined, (manifest, folder) =>
    verifyChain({
      ...{ manifest, folder, run },
      ...(signal && { signal }),
      tell: (done) => tell?.({ done }),
    }),
  )
}

/** Opens a chain without starting it: it makes no blocks. */
export function withChain<T>(
  options: StoredChainOptions,
  birth: Manifest | undefined,
  work: (chain: DrivenChain) => Promise<T>,
): Promise<T> {
  return withManifest(options, birth, async (manifest, folder) => {
    const chain = await createChain(
      { manifest, folder, beneficiary: new Uint8Array(20) },
      ...([
        {
          ...{ clock: systemClock, timer: systemTimer },
          ...{ logger: createLogger('warn'), metrics: noMetrics },
        },
      ] as const),
    )
    try {
      return await work(chain)
    } finally {
      await chain.stop()
    }
  })
}

async function withManifest<T>(
  { data, name }: StoredChainOptions,
  birth: Manifest | undefined,
  work: (manifest: Manifest, folder: string) => Promise<T>,
): Promise<T> {
  const folder = path.join(data, 'chains')
  if (birth === undefined && (await namesIn(folder)).length === 0) throw nothingIn(data)
  const lock = await lockFolder(data)
  try {
    return await work(birth ?? (await storedManifest(folder, data, name)), folder)
  } finally {
    await lock.release()
  }
}

/**
 * The manifest of a stored chain.
 *
 * @param name - may be left out where there is one chain
 * @throws AppError `node/no-chain`, `node/which-chain`
 */
async function storedManifest(
  folder: string,
  data: string,
  name: string | undefined,
): Promise<Manifest> {
  const names = await namesIn(folder)
  const [only, ...others] = names
  const chosen = name ?? (others.length === 0 ? only : undefined)
  if (chosen === undefined) {
    const message = `${data} holds the chains ${names.join(', ')}: name one of them`
    throw new AppError({ code: 'node/which-chain', message })
  }
  const manifest = names.includes(chosen)
    ? await readStoredManifest(path.join(folder, chosen))
    : undefined
  if (manifest) return manifest
  const message = `${data} holds no chain "${chosen}", but ${names.join(', ')}`
  throw new AppError({ code: 'node/no-chain', message })
}

/**
 * The manifest of the stored chain that a node can stand on without making one: that of the name, or the only one that
 * is no development node's own.
 *
 * @returns `undefined` if there is none to choose
 * @throws AppError `node/no-chain`, `node/which-chain`
 */
export async function chosenManifest(
  data: string,
  { name, preferred, own }: ChosenNames,
): Promise<Manifest | undefined> {
  const folder = path.join(data, 'chains')
  if (name !== undefined) return storedManifest(folder, data, name)
  const names = (await namesIn(folder)).filter((one) => one !== own)
  if (names.includes(preferred)) return readStoredManifest(path.join(folder, preferred))
  const [only, ...others] = names
  if (only === undefined) return undefined
  if (others.length === 0) return readStoredManifest(path.join(folder, only))
  const message = `${data} holds the chains ${names.join(', ')}: name the one to stand on by --chain`
  throw new AppError({ code: 'node/which-chain', message })
}

/** Names of chains by what they are chosen for. */
interface ChosenNames {
  readonly name: string | undefined
  /** Chosen before others. */
  readonly preferred: string
  /** The chain that development nodes make. */
  readonly own: string
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter(isChainName)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}

function nothingIn(data: string): AppError {
  const message = `${data} holds no chain; name the folder of a stored one by --data`
  return new AppError({ code: 'node/no-chain', message })
}

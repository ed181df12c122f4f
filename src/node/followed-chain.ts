/** Opens a chain that is stored, or one that is followed: its birth comes from a file, its blocks from another. */

import path from 'node:path'
import { AppError } from '../base/app-error.ts'
import type { Hex } from '../base/bytes.ts'
import { systemClock } from '../base/clock.ts'
import { readBlockFile } from '../chain/block-files.ts'
import type { DrivenChain } from '../chain/chain-parts.ts'
import { importBlocks } from '../chain/import-blocks.ts'
import { isWorked, type Manifest } from '../chain/ledger/manifest.ts'
import { openChainSet, type SourceChain, serveChains } from './chain-server.ts'
import type { Composition } from './composition.ts'
import { contractsOf, waitHooks } from './foreign-chain.ts'
import { chosenManifest, readGenesisFile } from './stored-chain.ts'

/** Name of a followed chain, and of its folder. */
const followedName = 'ethereum'
/** The same of the chain of a development node. */
export const devName = 'dev'
/** Pause between two lines that tell how far an import is. */
const tellMs = 2_000

/**
 * The chain that the settings name a birth of, or that the data folder holds.
 *
 * @throws AppError `node/not-followed`, `node/no-genesis`, `node/no-chain`, `node/which-chain`, `ledger/bad-genesis`
 */
export async function followedManifest({ values }: Composition): Promise<Manifest | undefined> {
  const { genesis, data, chain: name } = values
  const folder = path.join(data, 'chains', followedName)
  if (genesis === undefined) {
    return chosenManifest(data, { name, preferred: followedName, own: devName })
  }
  const manifest = await readGenesisFile(genesis, { name: followedName, folder })
  if (name !== undefined && name !== manifest.name) throw otherName(genesis, manifest, name)
  if (manifest.consensus.engine === 'ethereum') return { ...manifest, name: followedName }
  if (manifest.consensus.engine !== 'dev') return manifest
  const message = `${genesis} is the birth of a development chain: start it with --dev`
  throw new AppError({ code: 'node/not-followed', message })
}

/**
 * Opens the chain, adds the blocks of the file that `--import` names, and serves it.
 *
 * @returns `undefined` when the start was ended during the import
 * @throws AppError `node/import-refused`, and what opening a chain throws
 */
export async function openFollowed(
  composition: Composition,
  manifest: Manifest,
): Promise<SourceChain | undefined> {
  const { values, hooks } = composition
  const { name, consensus } = manifest
  const chainId = safeChainId(manifest)
  const takesBlocks = consensus.engine === 'ethereum' || isWorked(consensus)
  if (values.import !== undefined && !takesBlocks) throw notFollowed(name)
  const open = await openChainSet(composition, manifest, new Uint8Array(20))
  const { chain } = open
  if (values.import !== undefined) await importFile(composition, chain, values.import)
  if (hooks.signal?.aborted) return undefined
  const served = await serveChains(composition, open, [])
  return {
    ...{ name, chainId, embedded: true, born: chain.manifest },
    minesOnDemand: consensus.engine === 'dev' && consensus.blockTimeMs === 0,
    ...{ ...served, endpoint: served.rpcUrl ?? '', accounts: [], startBlock: 0 },
    contracts:
      values.contract === undefined
        ? undefined
        : await contractsOf(served.client, values.contract as Hex, waitHooks(name, hooks)),
  }
}

async function importFile({ hooks }: Composition, chain: DrivenChain, file: string): Promise<void> {
  let toldMs = systemClock.nowMs()
  const tell = (number: bigint) => {
    if (systemClock.nowMs() - toldMs < tellMs) return
    toldMs = systemClock.nowMs()
    hooks.tell?.(`imported up to block ${number}`)
  }
  const { signal } = hooks
  const { added, known, aside, refused } = await importBlocks(chain, readBlockFile(file), {
    ...(signal && { signal }),
    tell,
  })
  const head = chain.head().header.number
  if (refused) {
    const message = `block ${refused.number} of ${file} is refused: ${refused.rule}, ${refused.detail}; the chain ends with block ${head}`
    throw new AppError({ code: 'node/import-refused', message })
  }
  const beside = aside > 0 ? `, ${aside} lie beside the chain` : ''
  hooks.tell?.(
    `${added} blocks of ${file} are new, ${known} were known${beside}; the head is block ${head}`,
  )
}

function otherName(file: string, { name }: Manifest, wanted: string): AppError {
  const message = `${file} is the birth of "${name}", and --chain names "${wanted}": leave out one`
  return new AppError({ code: 'node/two-chains', message })
}

function notFollowed(name: string): AppError {
  const message = `--import is for a chain whose blocks come from elsewhere, and "${name}" makes its own: leave it out`
  return new AppError({ code: 'node/not-followed', message })
}

/** The event wing counts in doubles. */
function safeChainId({ chainId }: Manifest): number {
  if (chainId <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(chainId)
  const message = `chain id ${chainId} is over ${Number.MAX_SAFE_INTEGER}, which this node cannot follow`
  throw new AppError({ code: 'node/large-chain-id', message })
}

/** Forks chains: derives the manifest of a new chain from a block of another, and copies the state after it. */

import { AppError } from '../base/app-error.ts'
import { equalBytes, toHex } from '../base/bytes.ts'
import { birthFile } from './birth-state.ts'
import type { CopyHooks } from './chain-checkpoints.ts'
import type { DrivenChain } from './chain-parts.ts'
import { systemAccounts } from './evm/system-contracts.ts'
import type { Block } from './ledger/block.ts'
import type { Manifest, ParentBlock } from './ledger/manifest.ts'
import { manifestToJson, parseManifest } from './ledger/manifest-codec.ts'
import type { State, StateReader } from './state/state.ts'

/** What a fork is to be; all else is as at the block that it is forked from. */
export interface ForkWish {
  readonly name: string
  readonly chainId: bigint
  /** The head unless given. */
  readonly number?: bigint | undefined
  /** As it stands in the JSON of a manifest; that of the parent unless given. */
  readonly consensus?: unknown
}

/**
 * The manifest of a chain that begins with the state after a block of another one. It names that block, whose header
 * commits to the state: who has the header can prove where the chain comes from.
 *
 * @throws AppError `chain/no-block`, `ledger/bad-manifest`
 */
export function forkManifest(parent: DrivenChain, wish: ForkWish): Manifest {
  const { header, hash } = blockOf(parent, wish.number ?? parent.head().header.number)
  const { depositContract, genesis, consensus } = parent.manifest
  const { engine = consensus.engine } = (wish.consensus ?? {}) as { readonly engine?: unknown }
  const manifest: Manifest = {
    ...{ version: 1, name: wish.name, chainId: wish.chainId, consensus },
    forks: [{ hardfork: parent.rules.rulesAt(header).hardfork }],
    ...(depositContract && { depositContract }),
    genesis: {
      ...{ timestamp: header.timestamp, gasLimit: header.gasLimit, accounts: [] },
      ...(header.baseFeePerGas !== undefined && { baseFeePerGas: header.baseFeePerGas }),
      // Where blocks have records it is the hash of one, and the manifest says nothing of it.
      extraData: engine === consensus.engine ? genesis.extraData : new Uint8Array(),
    },
    parent: {
      ...{ chain: parent.key, number: header.number, hash, stateRoot: header.stateRoot },
    },
  }
  const json = JSON.parse(manifestToJson(manifest))
  return parseManifest(
    JSON.stringify({ ...json, ...(wish.consensus !== undefined && { consensus: wish.consensus }) }),
  )
}

/** The chain of some that holds the block that a chain is forked from. @throws AppError `chain/no-parent` */
export function parentAmong(
  chains: Iterable<DrivenChain>,
  { chain: key, number, hash }: ParentBlock,
): DrivenChain {
  for (const chain of chains) {
    const own = chain.blockHash(number)
    if (equalBytes(chain.key, key) && own && equalBytes(own, hash)) return chain
  }
  const message = `no chain that runs here holds block ${number}, ${toHex(hash)}, which the manifest names as its parent; start that chain`
  throw new AppError({ code: 'chain/no-parent', message })
}

/**
 * Writes the state that a forked chain begins with into its folder.
 *
 * @throws AppError `chain/no-state` when the parent does not keep it, `chain/fork-rules` when it lacks contracts of the
 * protocol, `chain/over` when it was cancelled
 */
export async function copyBirthState(
  parent: DrivenChain,
  manifest: Manifest,
  { folder, ...hooks }: CopyHooks & { readonly folder: string },
): Promise<void> {
  const state = stateOf(parent, manifest)
  try {
    mustHaveContracts(state, manifest)
    if (await parent.copyState(state, birthFile(folder), hooks)) return
  } finally {
    state.release()
  }
  throw new AppError({ code: 'chain/over', message: 'the node stops; nothing of the fork is left' })
}

/** The state after the block that a chain is forked from, to be released. */
function stateOf(parent: DrivenChain, { parent: place }: Manifest): State {
  if (place === undefined) throw new Error('a chain that is no fork copies no state')
  const kept = parent.stateAt(place.hash)
  const failed = (reason: string) => {
    const message = `the chain "${parent.manifest.name}" cannot be forked at block ${place.number}: ${reason}`
    return new AppError({ code: 'chain/no-state', message })
  }
  if (kept === undefined) {
    throw failed('its state is not kept any more; take a later block, or run it with stateArchive')
  }
  if (equalBytes(kept.root, place.stateRoot)) return kept.hold()
  const { header } = blockOf(parent, place.number)
  if (!equalBytes(header.stateRoot, place.stateRoot)) throw failed('its header has another root')
  throw failed('its state was changed by hand after it; seal a block and fork at that one')
}

/** What its blocks need is put into the state of other chains at their birth. */
function mustHaveContracts(state: StateReader, { forks }: Manifest): void {
  const newest = forks.at(-1)?.hardfork
  if (newest === undefined) return
  for (const { address, code } of systemAccounts(newest)) {
    const account = state.account(address)
    if (account && equalBytes(state.code(account.codeHash), code)) continue
    const message = `the parent has no contract of the protocol at ${toHex(address)}, which ${newest} needs: fork by older rules`
    throw new AppError({ code: 'chain/fork-rules', message })
  }
}

function blockOf(chain: DrivenChain, number: bigint): Block {
  const block = chain.byNumber(number)?.block
  if (block) return block
  const head = chain.head().header.number
  const message = `the chain "${chain.manifest.name}" has no block ${number}; it ends with block ${head}`
  throw new AppError({ code: 'chain/no-block', message })
}

/** Forks chains: derives the manifest of a new chain from a block of another, and copies the state after it. */

import { AppError } from '../base/app-error.ts'
import { equalBytes, toHex } from '../base/bytes.ts'
import { birthFile } from './birth-state.ts'
import type { CopyHooks } from './chain-checkpoints.ts'
import type { DrivenChain } from './chain-parts.ts'
import { contractAddresses } from './consensus/contract-layout.ts'
import type { ValidatorSet } from './consensus/messages.ts'
import { systemAccounts } from './evm/system-contracts.ts'
import type { Block } from './ledger/block.ts'
import type { Manifest, ParentBlock } from './ledger/manifest.ts'
import { manifestToJson, parseManifest } from './ledger/manifest-codec.ts'
import type { State, StateReader } from './state/state.ts'

/**
 * What a fork is to be; all else is as at the block that it is forked from. An engine `bft` whose
 * validators the wish does not name gets the set of the parent, as it stands after that block.
 */
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
 * @throws AppError `chain/no-block`, `chain/fork-engine`, `ledger/bad-manifest`
 */
export function forkManifest(parent: DrivenChain, wish: ForkWish): Manifest {
  const { header, hash } = blockOf(parent, wish.number ?? parent.head().header.number)
  const { depositContract, genesis, consensus } = parent.manifest
  const { engine } = (wish.consensus as Asked | undefined) ?? consensus
  mustBeForkable(engine)
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
  // Who is in the parent's own manifest may be out of its set by now.
  const asked = wish.consensus ?? { ...json.consensus, ...(engine === 'bft' && unnamed) }
  const voters = parent.validatorsAt(header.number + 1n)
  return parseManifest(JSON.stringify({ ...json, consensus: withVoters(asked, voters) }))
}

/** A consensus as a wish has it. */
interface Asked {
  readonly engine?: unknown
  readonly [field: string]: unknown
}

const unnamed = { validators: undefined, owner: undefined }

/** The consensus, with the voters of the parent where it names none. */
function withVoters(asked: Asked, set: ValidatorSet | undefined): Asked {
  if (asked.engine !== 'bft' || asked.validators !== undefined || set === undefined) return asked
  const validators = set.list.map(({ scheme, publicKey, weight, payTo }) => ({
    ...{ scheme, publicKey: toHex(publicKey), weight: String(weight), payTo: toHex(payTo) },
  }))
  // The registry of another chain governs nothing here, and there may be none.
  return { ...asked, owner: 'nobody', validators }
}

/** Contracts of stakes count blocks, and commit to hashes, of the chain that they were born with (decision 32). */
function mustBeForkable(engine: unknown): void {
  if (engine !== 'pos' && engine !== 'dpos') return
  const message = `no chain can begin by ${engine} with the state of another: its contract counts the blocks, faults and hashes of that one; fork it by the engine bft, on which the same validators vote with the same weight`
  throw new AppError({ code: 'chain/fork-engine', message })
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
 * protocol, `chain/fork-engine` where none can begin so, `chain/over` when it was cancelled
 */
export async function copyBirthState(
  parent: DrivenChain,
  manifest: Manifest,
  { folder, ...hooks }: CopyHooks & { readonly folder: string },
): Promise<void> {
  mustBeForkable(manifest.consensus.engine)
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
function mustHaveContracts(state: StateReader, { forks, consensus }: Manifest): void {
  const newest = forks.at(-1)?.hardfork
  if (newest === undefined) return
  if (consensus.engine === 'hybrid' && !state.account(contractAddresses.committee)) {
    const message = `the parent has no contract of a committee at ${toHex(contractAddresses.committee)}, which the engine hybrid needs: fork by another engine`
    throw new AppError({ code: 'chain/fork-rules', message })
  }
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

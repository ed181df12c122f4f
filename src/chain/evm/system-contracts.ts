/** Names the contracts that the protocol itself writes to, and does its writing. */

import { fromHex, toBigInt } from '../../base/bytes.ts'
import { type Hardfork, isAtLeast } from '../ledger/fork-rules.ts'
import type { GenesisAccount } from '../ledger/manifest.ts'
import type { StateOverlay } from '../state/state.ts'
import type { BlockContext } from './evm.ts'

interface SystemContract {
  readonly since: Hardfork
  readonly address: Uint8Array
  readonly code: Uint8Array
}

/** Keeps the parent's beacon roots by timestamp (EIP-4788). */
const beaconRoots: SystemContract = {
  since: 'cancun',
  address: fromHex('0x000f3df6d732807ef1319fb7b8bb8522d0beac02'),
  code: fromHex(
    '0x3373fffffffffffffffffffffffffffffffffffffffe14604d57602036146024575f5ffd5b5f35801560495762001fff810690815414603c575f5ffd5b62001fff01545f5260205ff35b5f5ffd5b62001fff42064281555f359062001fff015500',
  ),
}

/** Keeps the hashes of the last 8,191 blocks (EIP-2935). */
const blockHashes: SystemContract = {
  since: 'prague',
  address: fromHex('0x0000f90827f1c53a10cb7a02335b175320002935'),
  code: fromHex(
    '0x3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500',
  ),
}

/** Slots of the ring in each of the two contracts. */
const ringLength = 8_191n

/** The contracts that a chain with these rules has from its birth. */
export function systemAccounts(hardfork: Hardfork): readonly GenesisAccount[] {
  return [beaconRoots, blockHashes]
    .filter(({ since }) => isAtLeast(hardfork, since))
    .map(({ address, code }) => ({ address, code, balance: 0n, nonce: 1n, storage: [] }))
}

/**
 * Does what the system calls at the start of a block do, without running the contracts, whose code only stores its
 * input. A chain without the contracts is left alone, as the EIPs say.
 */
export function openBlockState(
  overlay: StateOverlay,
  block: BlockContext,
  hardfork: Hardfork,
): void {
  const has = ({ since, address }: SystemContract) =>
    isAtLeast(hardfork, since) && overlay.account(address) !== undefined
  if (has(beaconRoots)) {
    const place = block.timestamp % ringLength
    overlay.setStorage(beaconRoots.address, place, block.timestamp)
    const root = toBigInt(block.parentBeaconBlockRoot)
    overlay.setStorage(beaconRoots.address, place + ringLength, root)
  }
  if (has(blockHashes) && block.number > 0n) {
    const place = (block.number - 1n) % ringLength
    overlay.setStorage(blockHashes.address, place, toBigInt(block.parentHash))
  }
}

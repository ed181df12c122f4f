/** Describes the forks of a chain: which rules hold, and which come next (EIP-7910). */

import { crc32 } from 'node:zlib'
import { type Hex, toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { Chain } from '../../chain/chain.ts'
import { precompilesOf } from '../../chain/evm/precompiles.ts'
import { publicDepositContract } from '../../chain/evm/requests.ts'
import {
  beaconRoots,
  blockHashes,
  consolidationRequests,
  withdrawalRequests,
} from '../../chain/evm/system-contracts.ts'
import { isAtLeast, type Rules, rulesOf } from '../../chain/ledger/fork-rules.ts'
import { type ForkStart, hasBegun } from '../../chain/ledger/fork-schedule.ts'
import { toQuantity } from '../format/quantity.ts'

/** Names of precompiles by address (EIP-7910). */
const precompileNames: Readonly<Record<number, string>> = {
  ...{ 1: 'ECREC', 2: 'SHA256', 3: 'RIPEMD160', 4: 'ID', 5: 'MODEXP', 6: 'BN254_ADD' },
  ...{ 7: 'BN254_MUL', 8: 'BN254_PAIRING', 9: 'BLAKE2F', 10: 'KZG_POINT_EVALUATION' },
  ...{ 11: 'BLS12_G1ADD', 12: 'BLS12_G1MSM', 13: 'BLS12_G2ADD', 14: 'BLS12_G2MSM' },
  ...{ 15: 'BLS12_PAIRING_CHECK', 16: 'BLS12_MAP_FP_TO_G1', 17: 'BLS12_MAP_FP2_TO_G2' },
  256: 'P256VERIFY',
}

/** The answer of eth_config at the head. */
export function forkConfig(chain: Chain): Json {
  const { header } = chain.head()
  const { forks } = chain.manifest
  const at = forks.findLastIndex((fork) => hasBegun(fork, header))
  const show = (fork: ForkStart | undefined) => (fork ? configOf(chain, fork) : null)
  const isLast = at + 1 >= forks.length
  return {
    current: show(forks[Math.max(at, 0)]),
    next: isLast ? null : show(forks[at + 1]),
    last: isLast ? null : show(forks.at(-1)),
  }
}

function configOf(chain: Chain, fork: ForkStart): Json {
  const rules = rulesOf(fork.hardfork, fork)
  const { blobs } = rules
  return {
    activationTime: Number(fork.time ?? 0n),
    blobSchedule: blobs
      ? { target: blobs.target, max: blobs.max, baseFeeUpdateFraction: blobs.updateFraction }
      : null,
    chainId: toQuantity(chain.manifest.chainId),
    forkId: forkId(chain, fork),
    precompiles: Object.fromEntries(
      Array.from(precompilesOf(rules).keys(), (address) => [
        precompileNames[address] ?? `PRECOMPILE_${address}`,
        addressOf(address),
      ]),
    ),
    systemContracts: systemContracts(chain, rules),
  }
}

function systemContracts({ manifest }: Chain, { hardfork }: Rules): Json {
  const deposits = manifest.depositContract ?? publicDepositContract
  const all = [
    ['BEACON_ROOTS_ADDRESS', beaconRoots],
    ['CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS', consolidationRequests],
    ['DEPOSIT_CONTRACT_ADDRESS', { since: 'prague', address: deposits }],
    ['HISTORY_STORAGE_ADDRESS', blockHashes],
    ['WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS', withdrawalRequests],
  ] as const
  return Object.fromEntries(
    all
      .filter(([, { since }]) => isAtLeast(hardfork, since))
      .map(([name, { address }]) => [name, toHex(address)]),
  )
}

/** The checksum of the first block and of all forks up to one (EIP-2124, EIP-6122). */
function forkId(chain: Chain, last: ForkStart): Hex {
  const { forks, genesis, daoFork } = chain.manifest
  const upTo = forks.slice(0, forks.indexOf(last) + 1)
  const blocks = upTo.map(({ block, netsplitBlock }) => block ?? netsplitBlock ?? 0n)
  const isLater = upTo.some(({ block, time, totalDifficulty }) => {
    return (block ?? 0n) >= (daoFork?.block ?? 0n) || (time ?? totalDifficulty) !== undefined
  })
  if (daoFork && isLater) blocks.push(daoFork.block)
  const times = upTo.map(({ time = 0n }) => (time > genesis.timestamp ? time : 0n))
  const points = new Set(
    [...blocks.sort((a, b) => Number(a - b)), ...times].filter((point) => point > 0n),
  )
  const first = crc32(chain.blockHash(0n) ?? new Uint8Array())
  const sum = [...points].reduce((checksum, point) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64BE(point)
    return crc32(bytes, checksum)
  }, first)
  return `0x${sum.toString(16).padStart(8, '0')}`
}

function addressOf(number: number): Hex {
  return `0x${number.toString(16).padStart(40, '0')}`
}

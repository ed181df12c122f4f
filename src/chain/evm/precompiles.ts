/** Lists the precompiles of each fork. */

import { type Hardfork, isAtLeast, type Rules } from '../ledger/fork-rules.ts'
import * as bls from './precompiles/bls12-381.ts'
import { bn254OfByzantium, bn254OfIstanbul } from './precompiles/bn254.ts'
import { blake2F, identity, ripemd160Hash, sha256Hash } from './precompiles/hashes.ts'
import { modExpOfBerlin, modExpOfByzantium, modExpOfOsaka } from './precompiles/mod-exp.ts'
import { pointEvaluation } from './precompiles/point-evaluation.ts'
import type { Precompile } from './precompiles/precompile.ts'
import { ecRecover, p256Verify } from './precompiles/signatures.ts'

/** What each fork brings or changes, by address. */
const changes: Partial<Record<Hardfork, Readonly<Record<number, Precompile>>>> = {
  frontier: { 1: ecRecover, 2: sha256Hash, 3: ripemd160Hash, 4: identity },
  byzantium: {
    5: modExpOfByzantium,
    6: bn254OfByzantium.add,
    7: bn254OfByzantium.multiply,
    8: bn254OfByzantium.pairing,
  },
  istanbul: {
    6: bn254OfIstanbul.add,
    7: bn254OfIstanbul.multiply,
    8: bn254OfIstanbul.pairing,
    9: blake2F,
  },
  berlin: { 5: modExpOfBerlin },
  cancun: { 10: pointEvaluation },
  prague: {
    11: bls.blsAddG1,
    12: bls.blsSumG1,
    13: bls.blsAddG2,
    14: bls.blsSumG2,
    15: bls.blsPairing,
    16: bls.blsMapToG1,
    17: bls.blsMapToG2,
  },
  osaka: { 5: modExpOfOsaka, 256: p256Verify },
}

const known = new WeakMap<Rules, ReadonlyMap<number, Precompile>>()

/**
 * The precompiles under these rules by address, the same map for the same rules.
 *
 * @see Yellow Paper, appendix E; EIP-196, 197, 198, 152, 1108, 2565, 4844, 2537, 7823, 7883, 7951
 */
export function precompilesOf(rules: Rules): ReadonlyMap<number, Precompile> {
  const before = known.get(rules)
  if (before) return before
  const found = new Map<number, Precompile>()
  for (const [fork, brought] of Object.entries(changes)) {
    if (!isAtLeast(rules.hardfork, fork as Hardfork)) continue
    for (const [address, precompile] of Object.entries(brought)) {
      found.set(Number(address), precompile)
    }
  }
  known.set(rules, found)
  return found
}

/** Times each precompile by the gas it takes, with inputs that are slow for their price. */

import { p256 } from '@noble/curves/nist.js'
import { concatBytes, fromBigInt, fromHex, padStart, toHex } from '../src/base/bytes.ts'
import { precompilesOf } from '../src/chain/evm/precompiles.ts'
import { type Hardfork, rulesOf } from '../src/chain/ledger/fork-rules.ts'
import { keccak256 } from '../src/crypto/keccak.ts'
import { signHash } from '../src/crypto/secp256k1.ts'
import { sha256 } from '../src/crypto/sha256.ts'
import { spreadOf, spreadText, table, timed } from './measure.ts'

const word = (value: bigint | number) => padStart(fromBigInt(BigInt(value)), 32)
const words = (...values: readonly (bigint | number)[]) => concatBytes(...values.map(word))
const filled = (length: number, seed: number) =>
  Uint8Array.from({ length }, (_, at) => (at * 89 + seed) & 255)
const repeated = (bytes: Uint8Array, times: number) => concatBytes(...Array(times).fill(bytes))
/** What one precompile makes is the input of another. */
function output(address: number, input: Uint8Array): Uint8Array {
  return precompilesOf(rulesOf('osaka')).get(address)?.run(input) ?? new Uint8Array()
}

const key = keccak256(word(1))
const { r, s, yParity } = signHash(keccak256(word(2)), key)
const recovery = concatBytes(keccak256(word(2)), words(27 + yParity, r, s))
const far = (2n ** 256n - 1n) / 3n

/** base, exponent and modulus of given lengths; an odd modulus, an exponent of ones. */
function power(bytes: number, exponentBytes: number): Uint8Array {
  const modulus = filled(bytes, 7)
  modulus[bytes - 1] = 0xfd
  modulus[0] = 0xff
  const exponent = new Uint8Array(exponentBytes).fill(0xff)
  return concatBytes(words(bytes, exponentBytes, bytes), filled(bytes, 3), exponent, modulus)
}

const bnPoint = output(7, concatBytes(words(1, 2), word(12_345)))
const bnG2 = words(
  11559732032986387107991004021392285783925812861821192530917403151452391805634n,
  10857046999023057135944570762232829481370756359578518086990519993285655852781n,
  4082367875863433681332203403145435568316851327593401208105741076214120093531n,
  8495653923123431417604973247489272438418190587263600148770280649306958101930n,
)
const g1 = output(0x10, concatBytes(new Uint8Array(16), filled(48, 5).fill(0, 0, 1)))
const g2 = output(0x11, repeated(concatBytes(new Uint8Array(16), filled(48, 9).fill(0, 0, 1)), 2))
const blake = concatBytes(fromHex('0x000186a0'), filled(208, 1), Uint8Array.of(1))

/** The polynomial x at 5: commitment and proof are powers of the ceremony's secret. */
const commitment = fromHex(
  '0xad3eb50121139aa34db1d545093ac9374ab7bca2c0f3bf28e27c8dcd8fc7cb42d25926fc0c97b336e9f0fb35e5a04c81',
)
const proof = fromHex(
  '0x97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb',
)
const versioned = concatBytes(Uint8Array.of(1), sha256(commitment).subarray(1))

interface Case {
  readonly name: string
  readonly address: number
  readonly input: Uint8Array
  readonly fork?: Hardfork
}

const cases: readonly Case[] = [
  { name: 'ecrecover', address: 1, input: recovery },
  { name: 'sha256, 1 KB', address: 2, input: filled(1_024, 1) },
  { name: 'ripemd160, 1 KB', address: 3, input: filled(1_024, 1) },
  { name: 'identity, 1 KB', address: 4, input: filled(1_024, 1) },
  { name: 'modexp, 32 bytes each', address: 5, input: power(32, 32) },
  { name: 'modexp, 32 bytes each, before Osaka', address: 5, input: power(32, 32), fork: 'prague' },
  { name: 'modexp, 256 bytes, exponent 3 bytes', address: 5, input: power(256, 3) },
  { name: 'modexp, 1,024 bytes, exponent 32 bytes', address: 5, input: power(1_024, 32) },
  { name: 'bn254 add', address: 6, input: concatBytes(bnPoint, words(1, 2)) },
  { name: 'bn254 multiply', address: 7, input: concatBytes(bnPoint, word(far)) },
  { name: 'bn254 pairing, 2 pairs', address: 8, input: repeated(concatBytes(bnPoint, bnG2), 2) },
  { name: 'bn254 pairing, 10 pairs', address: 8, input: repeated(concatBytes(bnPoint, bnG2), 10) },
  { name: 'blake2f, 100,000 rounds', address: 9, input: blake },
  {
    ...{ name: 'point evaluation', address: 0x0a },
    input: concatBytes(versioned, words(5, 5), commitment, proof),
  },
  { name: 'BLS12-381 add in G1', address: 0x0b, input: repeated(g1, 2) },
  { name: 'BLS12-381 sum in G1, 1 term', address: 0x0c, input: concatBytes(g1, word(far)) },
  {
    ...{ name: 'BLS12-381 sum in G1, 128 terms', address: 0x0c },
    input: repeated(concatBytes(g1, word(far)), 128),
  },
  { name: 'BLS12-381 add in G2', address: 0x0d, input: repeated(g2, 2) },
  { name: 'BLS12-381 sum in G2, 1 term', address: 0x0e, input: concatBytes(g2, word(far)) },
  { name: 'BLS12-381 pairing, 2 pairs', address: 0x0f, input: repeated(concatBytes(g1, g2), 2) },
  {
    ...{ name: 'BLS12-381 map to G1', address: 0x10 },
    input: concatBytes(new Uint8Array(17), filled(47, 5)),
  },
  {
    ...{ name: 'BLS12-381 map to G2', address: 0x11 },
    input: repeated(concatBytes(new Uint8Array(17), filled(47, 5)), 2),
  },
  { name: 'P-256 verify', address: 0x100, input: p256Input() },
]

/** A signature that is right. */
function p256Input(): Uint8Array {
  const hash = keccak256(word(3))
  const signature = p256.sign(hash, key, { prehash: false })
  return concatBytes(hash, signature, p256.getPublicKey(key, false).subarray(1))
}

/** Nanoseconds and gas of each. */
export async function precompileTable(runs: number): Promise<string> {
  const rows: string[][] = []
  for (const { name, address, input, fork = 'osaka' } of cases) {
    const precompile = precompilesOf(rulesOf(fork)).get(address)
    if (!precompile) throw new Error(`${name}: ${fork} has no precompile at ${address}`)
    const result = precompile.run(input)
    if (!result || result.length === 0) throw new Error(`${name}: ${toHex(input)} is refused`)
    const gas = precompile.gas(input)
    const once = await timed(() => precompile.run(input))
    const times = Math.max(3, Math.ceil(0.1 / Math.max(once, 1e-6)))
    const values: number[] = []
    for (let run = 0; run < runs; run += 1) {
      const seconds = await timed(() => {
        for (let at = 0; at < times; at += 1) precompile.run(input)
      })
      values.push((seconds / times) * 1e6)
    }
    const spread = spreadOf(values)
    const perGas = (spread.median * 1e3) / gas
    rows.push([name, String(gas), `${spreadText(spread, 1)} µs`, `${perGas.toFixed(1)} ns`])
  }
  return table(['precompile', 'gas', 'time', 'a unit of gas'], rows)
}

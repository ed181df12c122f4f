/** Draws inputs of precompiles, many of them valid. */

import { concatBytes, fromBigInt, fromHex, padStart } from '../../src/base/bytes.ts'
import type { Chance } from './chance.ts'

const word = (value: bigint | number) => padStart(fromBigInt(BigInt(value)), 32)
const words = (...values: readonly (bigint | number)[]) => concatBytes(...values.map(word))

const bnG1 = words(1, 2)
const bnG2 = words(
  11559732032986387107991004021392285783925812861821192530917403151452391805634n,
  10857046999023057135944570762232829481370756359578518086990519993285655852781n,
  4082367875863433681332203403145435568316851327593401208105741076214120093531n,
  8495653923123431417604973247489272438418190587263600148770280649306958101930n,
)
const element = (hex: string) => padStart(fromHex(`0x${hex}`), 64)
const blsG1 = concatBytes(
  element(
    '17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb',
  ),
  element(
    '08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1',
  ),
)
const blsG2 = concatBytes(
  element(
    '024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8',
  ),
  element(
    '13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e',
  ),
  element(
    '0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801',
  ),
  element(
    '0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be',
  ),
)

type Draw = (chance: Chance) => Uint8Array

/** The point, infinity, or something that is no point. */
const point =
  (generator: Uint8Array): Draw =>
  (chance) => {
    if (chance.oneIn(4)) return new Uint8Array(generator.length)
    const bytes = generator.slice()
    if (chance.oneIn(6)) bytes[chance.below(bytes.length)] = chance.below(256)
    return bytes
  }

const any: Draw = (chance) => chance.bytes(chance.below(chance.oneIn(10) ? 400 : 70))

const number: Draw = (chance) => word(chance.word())

const inOrder =
  (...draws: readonly Draw[]): Draw =>
  (chance) =>
    concatBytes(...draws.map((draw) => draw(chance)))

const signature: Draw = (chance) =>
  concatBytes(chance.bytes(32), words(26 + chance.below(4), chance.word(), chance.word()))

const power: Draw = (chance) => {
  const lengths = [0, 1, 2].map(() => chance.below(chance.oneIn(8) ? 140 : 40))
  return concatBytes(words(...lengths), ...lengths.map((length) => chance.bytes(length)))
}

const blake: Draw = (chance) => {
  const input = chance.bytes(213)
  input.set([0, 0, 0, chance.below(40)])
  input[212] = chance.below(chance.oneIn(8) ? 3 : 2)
  return input
}

const element1: Draw = (chance) =>
  concatBytes(new Uint8Array(16), Uint8Array.of(chance.below(24)), chance.bytes(47))

const curvePoint: Draw = (chance) => chance.bytes(160)

/** Address, how often, and what it is given; the slow ones are rare. */
const inputs: readonly (readonly [
  weight: number,
  drawn: readonly [address: number, draw: Draw],
])[] = [
  ...([
    [20, [1, signature]],
    [30, [2, any]],
    [20, [3, any]],
    [30, [4, any]],
  ] as const),
  ...([
    [40, [5, power]],
    [20, [9, blake]],
    [10, [0x0a, any]],
  ] as const),
  ...([[20, [6, inOrder(point(bnG1), point(bnG1))]]] as const),
  ...([[4, [7, inOrder(point(bnG1), number)]]] as const),
  ...([[1, [8, inOrder(point(bnG1), point(bnG2))]]] as const),
  ...([[10, [0x0b, inOrder(point(blsG1), point(blsG1))]]] as const),
  ...([[2, [0x0c, inOrder(point(blsG1), number)]]] as const),
  ...([[8, [0x0d, inOrder(point(blsG2), point(blsG2))]]] as const),
  ...([[1, [0x0e, inOrder(point(blsG2), number)]]] as const),
  ...([[1, [0x0f, inOrder(point(blsG1), point(blsG2))]]] as const),
  ...([
    [2, [0x10, element1]],
    [1, [0x11, inOrder(element1, element1)]],
  ] as const),
  ...([
    [4, [0x100, curvePoint]],
    [4, [0x12, any]],
  ] as const),
]

/** An address, mostly of a precompile, and an input for it; now and then of the wrong length. */
export function precompileInput(chance: Chance): { address: number; input: Uint8Array } {
  const [address, draw] = chance.weighted(inputs)
  const input = draw(chance)
  const cut = chance.oneIn(15) ? chance.below(input.length + 1) : input.length
  return { address, input: input.subarray(0, cut) }
}

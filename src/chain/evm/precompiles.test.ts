/** Tests which precompiles a fork has, what they cost and what they answer. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { concatBytes, fromBigInt, fromHex, padStart, toBigInt } from '../../base/bytes.ts'
import { keccak256 } from '../../crypto/keccak.ts'
import { addressOfKey, signHash } from '../../crypto/secp256k1.ts'
import { sha256 } from '../../crypto/sha256.ts'
import { type Hardfork, hardforks, rulesOf } from '../ledger/fork-rules.ts'
import { precompilesOf } from './precompiles.ts'

const word = (value: bigint | number) => padStart(fromBigInt(BigInt(value)), 32)
const words = (...values: readonly (bigint | number)[]) => concatBytes(...values.map(word))
const text = (value: string) => new TextEncoder().encode(value)
const none = new Uint8Array()

function at(address: number, fork: Hardfork = 'osaka') {
  const found = precompilesOf(rulesOf(fork)).get(address)
  assert.ok(found, `${address} in ${fork}`)
  return found
}

const run = (address: number, input: Uint8Array, fork?: Hardfork) =>
  at(address, fork).run(input)?.toHex()

describe('the forks', () => {
  test('each fork has its addresses', () => {
    const counts = hardforks.map((fork) => precompilesOf(rulesOf(fork)).size)
    assert.deepEqual(counts, [4, 4, 4, 4, 8, 8, 8, 9, 9, 9, 9, 9, 10, 17, 18])
    assert.ok(precompilesOf(rulesOf('osaka')).has(0x100))
  })

  test('the same rules give the same map', () => {
    const rules = rulesOf('prague')
    assert.equal(precompilesOf(rules), precompilesOf(rules))
  })

  test('bn254 became cheaper in Istanbul', () => {
    const input = new Uint8Array(2 * 192)
    const prices = (fork: Hardfork) => [6, 7, 8].map((address) => at(address, fork).gas(input))
    assert.deepEqual(prices('petersburg'), [500, 40_000, 260_000])
    assert.deepEqual(prices('istanbul'), [150, 6_000, 113_000])
  })
})

describe('hashes and signatures', () => {
  test('prices grow by begun words', () => {
    for (const [address, base, each] of [
      [2, 60, 12],
      [3, 600, 120],
      [4, 15, 3],
    ] as const) {
      const gas = [0, 1, 32, 33].map((length) => at(address).gas(new Uint8Array(length)))
      assert.deepEqual(gas, [base, base + each, base + each, base + 2 * each])
    }
  })

  test('hashes of "abc", and a copy', () => {
    assert.equal(
      ...([
        run(2, text('abc')),
        'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      ] as const),
    )
    assert.equal(run(3, text('abc')), `${'00'.repeat(12)}8eb208f7e05d987a9b044a8e98c6b087f15a0bfc`)
    assert.equal(run(4, text('abc')), '616263')
  })

  test('the signer is recovered, from high s too; anything else gives nothing', () => {
    const key = keccak256(text('key'))
    const hash = keccak256(text('message'))
    const { r, s, yParity } = signHash(hash, key)
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
    const address = padStart(addressOfKey(key), 32).toHex()
    const input = (v: bigint | number, signR: bigint, signS: bigint) =>
      concatBytes(hash, words(v, signR, signS))
    assert.equal(run(1, input(27 + yParity, r, s)), address)
    assert.equal(run(1, input(28 - yParity, r, order - s)), address)
    assert.equal(run(1, concatBytes(input(27 + yParity, r, s), word(1))), address)
    for (const [v, signR, signS] of [
      [29n, r, s],
      [27n + (1n << 64n), r, s],
      [27n, 0n, s],
      [27n, r, 0n],
      [27n, r, order],
      [27n, order, s],
    ] as const) {
      assert.equal(run(1, input(v, signR, signS)), '')
    }
    assert.equal(run(1, none), '')
    assert.equal(at(1).gas(none), 3_000)
  })

  test('BLAKE2b of "abc" comes out of F with 12 rounds; the price is the rounds', () => {
    // Vector 5 of EIP-152 is this block.
    const state =
      '48c9bdf267e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5' +
      'd182e6ad7f520e511f6c3e2b8c68059b6bbd41fbabd9831f79217e1319cde05b'
    const input = (rounds: string, last: string) =>
      fromHex(`0x${rounds}${state}616263${'00'.repeat(125)}03${'00'.repeat(15)}${last}`)
    const digest =
      'ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1' +
      '7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923'
    assert.equal(run(9, input('0000000c', '01')), digest)
    assert.notEqual(run(9, input('0000000c', '00')), digest)
    assert.equal(at(9).gas(input('ffffffff', '01')), 2 ** 32 - 1)
    assert.equal(run(9, input('0000000c', '02')), undefined)
    assert.equal(run(9, input('0000000c', '01').subarray(1)), undefined)
  })
})

describe('modexp', () => {
  const p = 2n ** 256n - 2n ** 32n - 977n

  test('the price of the first example of EIP-198 in three forks', () => {
    const input = concatBytes(words(1, 32, 32), Uint8Array.of(3), words(p - 1n, p))
    assert.equal(run(5, input), word(1).toHex())
    assert.deepEqual(
      (['byzantium', 'berlin', 'osaka'] as const).map((fork) => at(5, fork).gas(input)),
      [13_056, 1_360, 4_080],
    )
  })

  test('long operands pay by their words, long exponents by their bytes', () => {
    const input = concatBytes(words(64, 40, 100), new Uint8Array(64), Uint8Array.of(0x80))
    // 13 words; 8 or 16 for each of 8 bytes, and 255 for the first bit.
    assert.equal(at(5, 'berlin').gas(input), Math.floor((169 * (64 + 255)) / 3))
    assert.equal(at(5, 'osaka').gas(input), 2 * 169 * (128 + 255))
    assert.equal(
      at(5, 'byzantium').gas(input),
      Math.floor(((10_000 / 4 + 9_600 - 3_072) * (64 + 255)) / 20),
    )
  })

  test('nothing to divide by', () => {
    assert.equal(run(5, none), '')
    assert.deepEqual(
      (['byzantium', 'berlin', 'osaka'] as const).map((fork) => at(5, fork).gas(none)),
      [0, 200, 500],
    )
    assert.equal(run(5, words(1, 1, 2)), '0000')
    // No base and no modulus, and an exponent without end.
    const endless = words(0, 2n ** 256n - 1n, 0)
    assert.equal(run(5, endless, 'berlin'), '')
  })

  test('Osaka refuses numbers of over 1,024 bytes; before, the price does', () => {
    for (const at1025 of [0, 1, 2]) {
      const lengths = [0, 1, 2].map((place) => (place === at1025 ? 1_025 : 1))
      assert.equal(at(5).gas(words(...lengths)), Number.POSITIVE_INFINITY)
      assert.ok(at(5, 'prague').gas(words(...lengths)) < 10 ** 6)
    }
    assert.ok(at(5).gas(words(1_024, 1_024, 1_024)) < 2 ** 53)
    assert.equal(at(5, 'prague').gas(words(1, 2n ** 200n, 1)), Number.POSITIVE_INFINITY)
  })

  test('any numbers give what BigInt gives, with missing bytes as zeros', () => {
    const bytes = fc.uint8Array({ maxLength: 40 })
    fc.assert(
      fc.property(bytes, fc.uint8Array({ maxLength: 3 }), bytes, fc.nat(3), (b, e, m, cut) => {
        const whole = concatBytes(words(b.length, e.length, m.length), b, e, m)
        const modulus =
          m.length > cut ? concatBytes(m.subarray(0, m.length - cut), new Uint8Array(cut)) : m
        const input = m.length > cut ? whole.subarray(0, whole.length - cut) : whole
        const divisor = toBigInt(modulus)
        let expected = 1n
        for (const bit of toBigInt(e).toString(2)) {
          if (divisor === 0n) break
          expected = (expected * expected * (bit === '1' ? toBigInt(b) : 1n)) % divisor
        }
        const output = padStart(divisor < 2n ? none : fromBigInt(expected % divisor), m.length)
        assert.equal(run(5, input), output.toHex())
      }),
    )
  })
})

describe('bn254', () => {
  const p = 21888242871839275222246405745257275088696311157297823662689037894645226208583n
  const order = 21888242871839275222246405745257275088548364400416034343698204186575808495617n
  const g1 = words(1, 2)
  const minusG1 = words(1, p - 2n)
  const g2 = words(
    11559732032986387107991004021392285783925812861821192530917403151452391805634n,
    10857046999023057135944570762232829481370756359578518086990519993285655852781n,
    4082367875863433681332203403145435568316851327593401208105741076214120093531n,
    8495653923123431417604973247489272438418190587263600148770280649306958101930n,
  )

  test('sums and products agree, infinity is (0, 0), missing bytes are zeros', () => {
    const twice = run(6, concatBytes(g1, g1))
    assert.equal(run(7, concatBytes(g1, word(2))), twice)
    assert.equal(run(7, concatBytes(g1, word(order + 2n))), twice)
    assert.equal(run(7, concatBytes(g1, word(2n ** 256n - 1n)))?.length, 128)
    assert.equal(run(6, concatBytes(g1, minusG1)), '00'.repeat(64))
    assert.equal(run(6, g1), g1.toHex())
    assert.equal(run(6, none), '00'.repeat(64))
    assert.equal(run(7, concatBytes(g1, word(order))), '00'.repeat(64))
  })

  test('points off the curve and numbers too large fail', () => {
    for (const bad of [words(1, 3), words(1, p + 2n), words(p, 0), words(0, 1)]) {
      assert.equal(run(6, bad), undefined)
      assert.equal(run(7, bad), undefined)
      assert.equal(run(8, concatBytes(bad, g2)), undefined)
    }
  })

  test('pairings', () => {
    const pair = concatBytes(g1, g2)
    const opposite = concatBytes(minusG1, g2)
    const [yes, no] = [word(1).toHex(), word(0).toHex()]
    assert.equal(run(8, none), yes)
    assert.equal(run(8, concatBytes(pair, opposite)), yes)
    assert.equal(run(8, pair), no)
    assert.equal(run(8, concatBytes(pair, pair)), no)
    assert.equal(run(8, concatBytes(words(0, 0), g2)), yes)
    assert.equal(run(8, concatBytes(g1, words(0, 0, 0, 0))), yes)
    assert.equal(run(8, pair.subarray(1)), undefined)
  })

  test('a point of the twist that is not in the subgroup fails, beside infinity too', () => {
    // x = 1 + 0·i lies on the twist; the order of the point has the cofactor in it.
    const outside = words(
      ...[0n, 1n],
      15975588672102553735566230729081043132501226101599136527557730645158523614371n,
      3610091866386166428467545612961983990332663701371483510632385378352395651980n,
    )
    assert.equal(run(8, concatBytes(words(0, 0), outside)), undefined)
  })
})

describe('point evaluation', () => {
  // The first two powers of the ceremony's secret in G1, and infinity.
  const g1 = fromHex(
    '0x97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb',
  )
  const secret = fromHex(
    '0xad3eb50121139aa34db1d545093ac9374ab7bca2c0f3bf28e27c8dcd8fc7cb42d25926fc0c97b336e9f0fb35e5a04c81',
  )
  const infinity = concatBytes(Uint8Array.of(0xc0), new Uint8Array(47))
  const order = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n
  const claim = (commitment: Uint8Array, z: bigint, y: bigint, proof: Uint8Array) => {
    const hash = sha256(commitment)
    hash[0] = 1
    return concatBytes(hash, words(z, y), commitment, proof)
  }
  const yes = words(4_096, order).toHex()

  test('the polynomial x is z at z, a constant is itself everywhere', () => {
    for (const z of [0n, 1n, 77n, order - 1n]) {
      assert.equal(run(10, claim(secret, z, z, g1)), yes)
      assert.equal(run(10, claim(g1, z, 1n, infinity)), yes)
    }
    assert.equal(run(10, claim(infinity, 5n, 0n, infinity)), yes)
    assert.equal(at(10).gas(none), 50_000)
  })

  test('what is not so, or malformed, fails', () => {
    const good = claim(secret, 5n, 5n, g1)
    const wrongHash = good.slice()
    wrongHash[0] = 2
    const offCurve = g1.slice()
    offCurve[47] = 0
    for (const bad of [
      claim(secret, 5n, 6n, g1),
      claim(secret, 5n, 5n, infinity),
      claim(secret, 5n + order, 5n, g1),
      claim(secret, 5n, 5n + order, g1),
      claim(secret, 5n, 5n, offCurve),
      claim(offCurve, 5n, 5n, g1),
      claim(new Uint8Array(48), 5n, 0n, infinity),
      good.subarray(1),
      concatBytes(good, Uint8Array.of(0)),
      wrongHash,
    ]) {
      assert.equal(run(10, bad), undefined)
    }
  })
})

/** Checks what nodes tell each other first, and the patience with links. */

import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { AppError } from '../../base/app-error.ts'
import { usualBounds } from '../network-bounds.ts'
import { identityOf } from '../test-network/open-nodes.ts'
import { selfSigned } from './certificate.ts'
import { decodeEntry, decodeHello, encodeEntry, encodeHello, maxHelloBytes } from './hello.ts'
import { type LinkTimes, livenessOf } from './liveness.ts'

const proof = (seed: number, scheme: 'ed25519' | 'ml-dsa-65' = 'ml-dsa-65') => {
  const { key } = identityOf(seed, scheme)
  return { scheme, publicKey: key.publicKey, signature: key.sign(new Uint8Array()) }
}
const chains = Array.from({ length: 16 }, (_, at) => ({
  channel: at + 1,
  chainKey: new Uint8Array(32).fill(at),
  validator: at % 2 === 0 ? proof(at) : undefined,
}))
const hello = {
  ...{ node: proof(1), agent: 'quantumstream/1', port: 30_400, chains },
  record: Uint8Array.of(1, 2),
}

test('the longest hello comes out as it went in, and fits', () => {
  const bytes = encodeHello(hello)
  assert.ok(bytes.length < maxHelloBytes)
  assert.deepEqual(decodeHello(bytes), hello)
  const [entry] = chains
  assert.deepEqual(entry && decodeEntry(encodeEntry(entry)), entry)
})

test('a hello over its bounds, or of another version, is refused', () => {
  const small = { ...hello, node: proof(1, 'ed25519'), chains: [] }
  const [entry] = chains as [(typeof chains)[number]]
  for (const wrong of [
    { ...small, agent: 'x'.repeat(65) },
    { ...small, record: new Uint8Array(8_193) },
    { ...small, chains: [...chains, entry] },
    { ...small, chains: [{ ...entry, channel: 0 }] },
  ]) {
    assert.throws(() => decodeHello(encodeHello(wrong)), { code: 'network/bad-hello' })
  }
  for (const wrong of [
    { ...small, node: { ...small.node, publicKey: new Uint8Array(31) } },
    { ...small, node: { ...small.node, signature: new Uint8Array(65) } },
    { ...small, port: 65_536 },
    { ...small, chains: [{ ...entry, chainKey: new Uint8Array(31) }] },
  ]) {
    assert.throws(() => decodeHello(encodeHello(wrong)), { code: 'ledger/bad-rlp' })
  }
  const other = encodeHello(small)
  other[2] = 2
  assert.throws(() => decodeHello(other), { code: 'network/bad-hello' })
  assert.equal(decodeHello(encodeHello({ ...small, agent: 'a\u001b[2Jb' })).agent, 'a[2Jb')
})

test('any bytes, and any hello with a byte changed, are a hello or refused', () => {
  const small = encodeHello({ ...hello, node: proof(1, 'ed25519'), chains: chains.slice(1, 2) })
  const tries = (bytes: Uint8Array) => {
    try {
      decodeHello(bytes)
    } catch (error) {
      assert.ok(error instanceof AppError)
    }
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), tries))
  fc.assert(
    fc.property(fc.nat(small.length - 1), fc.nat(255), (at, byte) => {
      tries(small.map((old, place) => (place === at ? byte : old)))
    }),
  )
})

test('the certificate is one, signed by its own key', () => {
  const { cert } = selfSigned()
  const read = new X509Certificate(cert)
  assert.equal(read.verify(read.publicKey), true)
  assert.deepEqual([read.subject, read.issuer], ['CN=quantumstream', 'CN=quantumstream'])
  assert.equal(read.publicKey.asymmetricKeyType, 'ed25519')
  assert.notEqual(selfSigned().cert, cert)
})

test('a link is asked when it is quiet, and given up when it is silent, slow or stalled', () => {
  const times: LinkTimes = { receivedMs: 0, isHeld: false }
  const at = (nowMs: number, parts: Partial<LinkTimes> = {}) =>
    livenessOf({ ...times, ...parts }, usualBounds, nowMs)
  assert.deepEqual(
    [at(14_999), at(15_000), at(44_999), at(45_000)],
    [...[undefined, 'ping', 'ping', 'silent']],
  )
  assert.equal(at(20_000, { pingedMs: 15_000 }), undefined)
  assert.equal(at(120_000, { receivedMs: 119_000, frameBeganMs: 0 }), 'slow')
  assert.equal(at(30_000, { stalledMs: 0, receivedMs: 29_000 }), 'slow')
  assert.equal(at(100_000, { isHeld: true }), undefined)
  assert.equal(at(100_000, { isHeld: true, stalledMs: 1 }), 'slow')
})

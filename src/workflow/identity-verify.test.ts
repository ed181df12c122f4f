/** Checks signatures of accounts, contracts, public keys and issuers, right ones and forged ones. */

import assert from 'node:assert/strict'
import {
  createHmac,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto'
import { test } from 'node:test'
import { decodeFunctionData, hashMessage, parseAbi, serializeErc6492Signature } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { AppError } from '../base/app-error.ts'
import { toHex } from '../base/bytes.ts'
import type { Json, JsonRpcClient } from '../base/json-rpc.ts'
import { signatureSchemes, signingKey } from '../crypto/signatures.ts'
import { identityVerify } from './identity-verify.ts'

const account = privateKeyToAccount(`0x${'11'.repeat(32)}`)
const other = privateKeyToAccount(`0x${'12'.repeat(32)}`)
const nowMs = Date.parse('2026-06-01T00:00:00Z')
const seconds = nowMs / 1_000
const context = {
  ...{ instanceId: 'i', step: 's', idempotencyKey: `0x${'33'.repeat(32)}` as const, attempt: 1 },
  signal: new AbortController().signal,
}

type Answers = Readonly<Record<string, (params: readonly Json[]) => Json>>
type Given = { readonly [name: string]: unknown }

async function verified(input: Given, answers: Answers = { eth_getCode: () => '0x' }) {
  const client: JsonRpcClient = {
    request: async (method, params = []) => (answers[method] ?? assert.fail(method))(params),
  }
  const verify = identityVerify({ client, clock: { nowMs: () => nowMs } })
  const outcome = await verify(JSON.parse(JSON.stringify(input)) as Json, context)
  assert.equal(outcome.kind, 'done')
  return (outcome as { output: Json }).output as Given
}
const reasonOf = async (input: Given, answers?: Answers) => {
  const { valid, reason } = await verified(input, answers)
  assert.equal(valid, false)
  return String(reason)
}
const refused = (input: Given, message: RegExp) =>
  assert.rejects(verified(input, {}), { code: 'workflow/bad-input', message })

const typedData = {
  domain: { name: 'Desk', version: '1', chainId: 20_250, verifyingContract: other.address },
  types: {
    Order: [
      { name: 'to', type: 'address' },
      { name: 'amounts', type: 'uint256[]' },
    ],
  },
  primaryType: 'Order' as const,
  message: { to: account.address, amounts: [String(2n ** 255n + 1n), '7'] },
}
const signTyped = () =>
  account.signTypedData({
    ...typedData,
    message: { to: account.address, amounts: [2n ** 255n + 1n, 7n] },
  })

test('a message is known to be of the account that signed it, as text and as bytes, long and short', async () => {
  const signer = account.address
  const valid = { valid: true, kind: 'account', signer }
  for (const message of ['I am Ann ✓', { raw: '0x00ff80' as const }]) {
    const signature = await account.signMessage({ message })
    assert.deepEqual(await verified({ message, signature, signer }), valid)
    const [r, s, v] = [signature.slice(2, 66), signature.slice(66, 130), signature.slice(130)]
    const parity = v === '1c' ? 1 : 0
    const top = (Number.parseInt(s[0] ?? '', 16) + 8 * parity).toString(16)
    const forms = [`0x${r}${top}${s.slice(1)}`, `0x${r}${s}0${parity}`]
    for (const form of forms) {
      assert.deepEqual(await verified({ message, signature: form, signer }), valid)
    }
  }
})

test('typed data are known to be of the account that signed them', async () => {
  const [signature, signer] = [await signTyped(), account.address]
  const right = await verified({ typedData, signature, signer })
  assert.deepEqual(right, { valid: true, kind: 'account', signer })
  const changed = { ...typedData, message: { ...typedData.message, amounts: ['8', '7'] } }
  assert.match(await reasonOf({ typedData: changed, signature, signer }), /not of 0x/)
  const slip = { ...typedData, domain: { name: 'Desk', version: '1', chainID: 20_250 } }
  await refused({ typedData: slip, signature, signer }, /"typedData.domain.chainID" is not signed/)
  const types = { ...typedData.types, EIP712Domain: [{ name: 'name', type: 'string' }] }
  const narrow = { ...typedData, types }
  await refused(
    { typedData: narrow, signature, signer },
    /"typedData.domain.version" is not signed/,
  )
  const elsewhere = { ...typedData, domain: { ...typedData.domain, chainId: 1 } }
  assert.match(await reasonOf({ typedData: elsewhere, signature, signer }), /not of 0x/)
})

test('a signature of somebody else, of something else, or in its other form is an answer', async () => {
  const message = 'pay 5'
  const signature = await other.signMessage({ message })
  const signer = account.address
  const told = await reasonOf({ message, signature, signer })
  assert.equal(told, `it is the signature of ${other.address.toLowerCase()}, not of ${signer}`)
  const own = await account.signMessage({ message })
  await reasonOf({ message: 'pay 6', signature: own, signer })
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const s = (order - BigInt(`0x${own.slice(66, 130)}`)).toString(16).padStart(64, '0')
  const flipped = `${own.slice(0, 66)}${s}${own.endsWith('1b') ? '1c' : '1b'}`
  for (const wrong of [flipped, '0x', '0x00', `0x${'00'.repeat(65)}`, `${own.slice(0, -2)}7f`]) {
    assert.match(await reasonOf({ message, signature: wrong, signer }), /no signature of a key/)
  }
})

test('a contract is asked what it says to a signature, and a revert is no (ERC-1271)', async () => {
  const abi = parseAbi(['function isValidSignature(bytes32, bytes) view returns (bytes4)'])
  const [message, signer] = ['open', other.address]
  const signature = await account.signMessage({ message })
  const answering = (answer: () => Json): Answers => ({
    eth_getCode: () => '0x6001',
    eth_call: ([call]) => {
      const { to, data } = call as { to: string; data: `0x${string}` }
      assert.equal(to, signer)
      assert.deepEqual(decodeFunctionData({ abi, data }).args, [hashMessage(message), signature])
      return answer()
    },
  })
  const right = answering(() => `0x1626ba7e${'00'.repeat(28)}`)
  const valid = { valid: true, kind: 'contract', signer }
  assert.deepEqual(await verified({ message, signature, signer }, right), valid)
  const failing = (data: Given, said: string) => () => {
    throw new AppError({ code: 'json-rpc/error', message: said, data })
  }
  // What echoes its input gives the selector back, which is the right word's beginning.
  for (const answer of ['0xffffffff', '0x', `0x1626ba7e${'11'.repeat(100)}`]) {
    await reasonOf(
      { message, signature, signer },
      answering(() => answer),
    )
  }
  await reasonOf({ message, signature, signer }, answering(failing({ code: 3 }, 'no')))
  const reverted = answering(failing({ code: -32_000 }, 'execution reverted'))
  await reasonOf({ message, signature, signer }, reverted)
  const limited = answering(failing({ code: -32_005 }, 'too many requests'))
  await assert.rejects(verified({ message, signature, signer }, limited), {
    code: 'json-rpc/error',
  })
})

test('a signature of a contract that may not be there yet is asked by code that is run once (ERC-6492)', async () => {
  const [message, signer] = ['open', other.address]
  const signature = serializeErc6492Signature({
    ...{ address: account.address, data: '0x1234', signature: '0xabcd' },
  })
  const answering = (answer: Json): Answers => ({
    eth_call: ([call]) => {
      const { to, data } = call as { to?: string; data: string }
      assert.equal(to, undefined)
      assert.ok(data.includes(hashMessage(message).slice(2)) && data.includes(signature.slice(2)))
      return answer
    },
  })
  const valid = { valid: true, kind: 'contract', signer }
  assert.deepEqual(await verified({ message, signature, signer }, answering('0x01')), valid)
  await reasonOf({ message, signature, signer }, answering('0x00'))
})

test('a public key of each scheme is known by its signature', async () => {
  for (const scheme of signatureSchemes) {
    const key = signingKey(scheme, new Uint8Array(32).fill(7))
    const [text, wrong] = ['the reading is 7', 'the reading is 8']
    const signature = toHex(key.sign(new TextEncoder().encode(text)))
    const publicKey = { scheme, key: toHex(key.publicKey) }
    const given = { message: text, signature, publicKey }
    const valid = { valid: true, kind: 'public-key', signer: publicKey.key }
    assert.deepEqual(await verified(given), valid)
    await reasonOf({ ...given, message: wrong })
    assert.match(await reasonOf({ ...given, signature: '0x00' }), /has \d+ bytes, not 1/)
    await refused({ ...given, publicKey: { scheme, key: '0x00' } }, /a key of .* has \d+ bytes/)
  }
})

test('what cannot be looked at is refused, and no check is left out by a slip', async () => {
  const given = { message: 'm', signature: '0x00', signer: account.address }
  const publicKey = { scheme: 'ed25519', key: `0x${'00'.repeat(32)}` }
  await refused({}, /takes one of/)
  await refused({ ...given, publicKey }, /takes one of/)
  await refused({ ...given, expires: 1 }, /takes one of/)
  await refused({ ...given, signer: 'ann' }, /"signer" must be an address/)
  await refused({ ...given, signature: '0x0' }, /"signature" must be bytes/)
  await refused({ ...given, signature: `0x${'00'.repeat(20_000)}` }, /longer than 16384 bytes/)
  await refused({ ...given, message: 'm'.repeat(70_000) }, /longer than 65536 bytes/)
  await refused({ ...given, message: 5 }, /must be text/)
  const { signature, signer } = given
  await refused({ typedData: { types: {} }, signature, signer }, /"typedData" must be/)
  await refused({ typedData: { ...typedData, primaryType: 'None' }, signature, signer }, /None/)
  const rsa = { scheme: 'rsa', key: '0x00' }
  await refused({ message: 'm', signature, publicKey: rsa }, /must be one of ed25519/)
})

test('an endpoint that is away is no answer', async () => {
  const given = { message: 'm', signature: '0x00', signer: account.address }
  const away = () => {
    throw new AppError({ code: 'json-rpc/unreachable', message: 'away' })
  }
  await assert.rejects(verified(given, { eth_getCode: away }), { code: 'json-rpc/unreachable' })
})

const issuer = 'did:web:university.example'
const keys = {
  EdDSA: generateKeyPairSync('ed25519'),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ES256K: generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
}
const vc = {
  type: ['VerifiableCredential'],
  credentialSubject: { id: 'did:key:ann', degree: 'MSc' },
}
const claims = {
  iss: issuer,
  sub: 'did:key:ann',
  aud: 'desk',
  nbf: seconds - 10,
  exp: seconds + 10,
  vc,
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
function token(payload: unknown, alg: keyof typeof keys = 'EdDSA', header: Given = {}) {
  const text = `${part({ alg, typ: 'JWT', ...header })}.${part(payload)}`
  const hash = alg === 'EdDSA' ? null : 'sha256'
  const { privateKey } = keys[alg]
  const bytes = sign(hash, Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${text}.${bytes.toString('base64url')}`
}
const trusting = (key: KeyObject, more: Given = {}) => [
  { id: issuer, publicKeyJwk: { ...key.export({ format: 'jwk' }), ...more } },
]
const trusted = trusting(keys.EdDSA.publicKey)

test('a credential of a trusted issuer gives its claims, by each algorithm', async () => {
  for (const alg of ['EdDSA', 'ES256', 'ES256K'] as const) {
    const issuers = trusting(keys[alg].publicKey)
    const asked = { audience: 'desk', subject: 'did:key:ann' }
    const found = await verified({ credential: token(claims, alg), issuers, ...asked })
    assert.deepEqual(found, { valid: true, kind: 'credential', issuer, claims })
  }
})

test('the key of RFC 8037 verifies a credential of data model 2.0', async () => {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }
  const pair = { ...jwk, d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A' }
  const key = createPrivateKey({ key: pair, format: 'jwk' })
  const body = {
    ...{ type: ['VerifiableCredential', 'Degree'], issuer: { id: issuer } },
    ...{ validFrom: '2026-01-01T00:00:00Z', credentialSubject: { id: 'did:key:ann' } },
  }
  const text = `${part({ alg: 'EdDSA', typ: 'vc+jwt', kid: 'a' })}.${part(body)}`
  const credential = `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`
  const issuers = [{ id: issuer, publicKeyJwk: jwk }]
  const found = await verified({ credential, issuers, subject: 'did:key:ann' })
  assert.deepEqual(found, { valid: true, kind: 'credential', issuer, claims: body })
  await refused({ credential, issuers: [{ id: issuer, publicKeyJwk: pair }] }, /private key/)
})

test('forged credentials are told from right ones', async () => {
  const reason = (credential: string, issuers: unknown = trusted) =>
    reasonOf({ credential, issuers })
  const [header, payload, signature] = token(claims).split('.')
  assert.match(
    await reason(`${header}.${part({ ...claims, sub: 'eve' })}.${signature}`),
    /signature/,
  )
  assert.match(await reason(`${header}.${payload}.`), /signature/)
  assert.match(await reason(`${part({ alg: 'none' })}.${payload}.`), /its algorithm is "none"/)
  const hmac = `${part({ alg: 'HS256' })}.${payload}`
  const secret = keys.EdDSA.publicKey.export({ type: 'spki', format: 'pem' })
  const sealed = createHmac('sha256', secret).update(hmac).digest('base64url')
  assert.match(await reason(`${hmac}.${sealed}`), /its algorithm is "HS256"/)
  assert.match(await reason(`${part({ alg: 'toString' })}.${payload}.`), /its algorithm is/)
  const curve = trusting(keys.ES256K.publicKey)
  assert.match(await reason(token(claims, 'ES256'), curve), /no key of its issuer .* fits/)
  assert.match(await reason(token(claims, 'ES256'), trusted), /no key of its issuer .* fits/)
  const stranger = trusting(generateKeyPairSync('ed25519').publicKey)
  assert.match(await reason(token(claims), stranger), /its signature is not that of/)
  const evil = token({ ...claims, iss: 'did:web:evil.example' })
  assert.match(await reason(evil), /none of those that are trusted/)
  const two = token({ ...claims, vc: { ...vc, issuer: 'did:web:evil.example' } })
  assert.match(await reason(two), /must be one/)
  assert.match(await reason(token(claims, 'EdDSA', { crit: ['b64'] })), /extensions/)
  assert.match(await reason(token(claims, 'EdDSA', { typ: 'at+jwt' })), /type "at\+jwt"/)
  assert.match(await reason(token({ iss: issuer, vc: {} })), /no verifiable credential/)
  const pinned = trusting(keys.EdDSA.publicKey, { kid: 'new' })
  assert.match(await reason(token(claims, 'EdDSA', { kid: 'old' }), pinned), /no key/)
})

test('a credential is good in its time only, by clocks that are a minute apart at most', async () => {
  const given = (more: Given, inner: Given = {}) => ({
    credential: token({ iss: issuer, ...more, vc: { ...vc, ...inner } }),
    issuers: trusted,
  })
  const iso = (at: number) => new Date(at * 1_000).toISOString()
  for (const fine of [
    ...[{}, { exp: seconds - 59 }, { nbf: seconds + 60 }],
    ...[{ exp: seconds + 0.5, nbf: seconds }],
  ]) {
    assert.equal((await verified(given(fine))).valid, true)
  }
  assert.match(
    await reasonOf(given({ exp: seconds - 60 })),
    /it was good until 2026-05-31T23:59:00/,
  )
  assert.match(await reasonOf(given({ nbf: seconds + 61 })), /it is good from/)
  assert.match(await reasonOf(given({}, { expirationDate: iso(seconds - 60) })), /good until/)
  assert.match(await reasonOf(given({}, { validFrom: iso(seconds + 61) })), /good from/)
  for (const bad of [{ exp: 'soon' }, { exp: null }, { nbf: [] }]) {
    assert.match(await reasonOf(given(bad)), /cannot be read/)
  }
  assert.match(await reasonOf(given({}, { validUntil: '2027-01-01T00:00:00' })), /cannot be read/)
})

test('who it is for is looked at where it says so, and whom it is about where that is asked', async () => {
  const given = (more: Given) => ({ credential: token({ ...claims, ...more }), issuers: trusted })
  const desks = given({ aud: ['till', 'desk'] })
  assert.equal((await verified({ ...desks, audience: 'desk' })).valid, true)
  assert.match(await reasonOf({ ...desks, audience: 'bank' }), /not for the audience bank/)
  // RFC 7519, 4.1.3: who names itself by none of them must refuse it.
  assert.match(await reasonOf(desks), /is for \["till","desk"\], and no "audience" is given/)
  const nobody = given({ aud: undefined, sub: undefined, vc: { type: vc.type } })
  await reasonOf({ ...nobody, audience: 'desk' })
  assert.match(await reasonOf({ ...nobody, subject: 'did:key:ann' }), /not about did:key:ann/)
  const swapped = given({ sub: 'did:key:eve' })
  for (const subject of ['did:key:ann', 'did:key:eve']) {
    assert.match(await reasonOf({ ...swapped, audience: 'desk', subject }), /not about did:key/)
  }
})

test('a token that is none, and issuers that are none, are refused', async () => {
  const credential = token(claims)
  const bad = [
    '',
    'a.b',
    'a.b.c.d',
    `${credential}=`,
    `${part(1)}.${part({})}.AA`,
    `${credential}!`,
  ]
  for (const one of bad) await refused({ credential: one, issuers: trusted }, /"credential" must/)
  await refused({ credential: 'a'.repeat(70_000), issuers: trusted }, /longer than 65536/)
  const jwk = keys.EdDSA.publicKey.export({ format: 'jwk' })
  for (const publicKeyJwk of [
    {},
    { ...jwk, x: 'AA' },
    { ...jwk, crv: 'Ed448' },
    {
      ...generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey.export({ format: 'jwk' }),
      crv: 'P-256',
    },
    { kty: 'oct', k: 'AA' },
  ]) {
    await refused({ credential, issuers: [{ id: issuer, publicKeyJwk }] }, /is no key/)
  }
  await refused({ credential, issuers: [] }, /"issuers" must be a list/)
  await refused({ credential, issuers: trusted, audience: null }, /"audience" must be text/)
})

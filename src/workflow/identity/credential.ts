/** Checks verifiable credentials of the W3C that are JSON web tokens. */

import { createPublicKey, type JsonWebKeyInput, type KeyObject, verify } from 'node:crypto'
import type { Json } from '../../base/json-rpc.ts'
import { badInput } from '../evm/abi-json.ts'
import { invalid, isMembers, type Verdict } from './verdict.ts'

/** What is asked of a credential. */
export interface CredentialQuestion {
  readonly credential: Json | undefined
  readonly issuers: Json | undefined
  readonly audience: Json | undefined
  readonly subject: Json | undefined
}

interface Issuer {
  readonly id: string
  readonly kid: Json | undefined
  readonly alg: Json | undefined
  readonly curve: string
  readonly key: KeyObject
}

type Members = { readonly [name: string]: Json }

/** Longest token, in characters; most issuers. */
const [maxLength, maxIssuers] = [65_536, 100]
/** How far clocks may be apart. */
const leewayMs = 60_000

/** Curve and hash of each algorithm (RFC 7518, RFC 8037, RFC 8812); there are no others, `none` and HMAC least of all. */
const algorithms: Readonly<
  Record<string, { readonly curve: string; readonly hash: string | null }>
> = {
  EdDSA: { curve: 'Ed25519', hash: null },
  ES256: { curve: 'P-256', hash: 'sha256' },
  ES256K: { curve: 'secp256k1', hash: 'sha256' },
}

/** Types that a header may name; without one it is looked at what the token holds. */
const tokenTypes = ['jwt', 'vc+jwt', 'vc+ld+jwt', 'vc-ld+jwt']

/**
 * Whether a token is a credential of one of the issuers that is good now. Data model 1.1 has it in the claim `vc`, 2.0 as
 * the claims themselves.
 *
 * @throws AppError `workflow/bad-input` for what is no token, and for keys that are none
 */
export function credentialVerdict(question: CredentialQuestion, nowMs: number): Verdict {
  const issuers = issuersOf(question.issuers)
  const audience = wantedText(question.audience, 'audience')
  const subject = wantedText(question.subject, 'subject')
  const { header, claims, signed, signature } = tokenOf(question.credential)
  const { vc } = claims
  const credential = isMembers(vc) ? vc : claims
  if (![credential.type].flat().includes('VerifiableCredential')) {
    return invalid('it is no verifiable credential: its type lacks VerifiableCredential')
  }
  const ids = [claims.iss, idOf(credential.issuer)].filter((id) => id !== undefined)
  const [id] = ids
  if (typeof id !== 'string' || ids.some((one) => one !== id)) {
    return invalid('it does not say whose it is: "iss" and the issuer must be one')
  }
  const fault =
    signatureFault(
      issuers.filter((one) => one.id === id),
      { id, header, signed, signature },
    ) ??
    timeFault(claims, credential, nowMs) ??
    audienceFault(audience, claims.aud) ??
    (subject === undefined ? undefined : subjectFault(subject, claims, credential))
  return fault === undefined
    ? { valid: true, kind: 'credential', issuer: id, claims }
    : invalid(fault)
}

function signatureFault(
  keys: readonly Issuer[],
  token: {
    readonly id: string
    readonly header: Members
    readonly signed: Uint8Array
    readonly signature: Uint8Array
  },
): string | undefined {
  const { id, header, signed, signature } = token
  const { alg, kid, crit, typ } = header
  if (keys.length === 0) return `its issuer ${id} is none of those that are trusted`
  const algorithm =
    typeof alg === 'string' && Object.hasOwn(algorithms, alg) ? algorithms[alg] : undefined
  if (algorithm === undefined) {
    return `its algorithm is ${JSON.stringify(alg ?? null)}; taken are ${Object.keys(algorithms).join(', ')}`
  }
  if (crit !== undefined) return 'its header asks for extensions ("crit") that are not known here'
  if (
    typ !== undefined &&
    !tokenTypes.includes(String(typ).toLowerCase().replace('application/', ''))
  ) {
    return `it is a token of the type ${JSON.stringify(typ)}`
  }
  const { curve, hash } = algorithm
  const fitting = keys.filter(
    (one) =>
      one.curve === curve &&
      (one.alg === undefined || one.alg === alg) &&
      (one.kid === undefined || kid === undefined || one.kid === kid),
  )
  if (fitting.length === 0) return `no key of its issuer ${id} fits the algorithm ${String(alg)}`
  const isRight = fitting.some(({ key }) =>
    verify(hash, signed, { key, dsaEncoding: 'ieee-p1363' }, signature),
  )
  return isRight ? undefined : `its signature is not that of ${id}`
}

/** The claims of the token, and the times that the credential itself has. */
function timeFault(claims: Members, credential: Members, nowMs: number): string | undefined {
  const ends = [seconds(claims.exp), date(credential.validUntil), date(credential.expirationDate)]
  const begins = [seconds(claims.nbf), date(credential.validFrom), date(credential.issuanceDate)]
  if ([...ends, ...begins].some(Number.isNaN)) return 'its time of validity cannot be read'
  const end = ends.find((one) => one !== undefined && nowMs >= one + leewayMs)
  if (end !== undefined) return `it was good until ${at(end)}`
  const begin = begins.find((one) => one !== undefined && nowMs < one - leewayMs)
  return begin === undefined ? undefined : `it is good from ${at(begin)} on only`
}

const at = (ms: number) => (Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : `${ms} ms`)

function seconds(value: Json | undefined): number | undefined {
  if (value === undefined) return undefined
  return typeof value === 'number' ? value * 1_000 : Number.NaN
}

/** A time with its zone; without one it would be that of this machine. */
function date(value: Json | undefined): number | undefined {
  if (value === undefined) return undefined
  const hasZone = typeof value === 'string' && /T.*(Z|[+-]\d\d:\d\d)$/i.test(value)
  return hasZone ? Date.parse(value) : Number.NaN
}

/** Whom it names must be who asks, and who asks must be named (RFC 7519, 4.1.3). */
function audienceFault(wanted: string | undefined, told: Json | undefined): string | undefined {
  if (wanted !== undefined) {
    return [told].flat().includes(wanted) ? undefined : `it is not for the audience ${wanted}`
  }
  if (told === undefined) return undefined
  return `it is for ${JSON.stringify(told).slice(0, 200)}, and no "audience" is given`
}

function subjectFault(subject: string, claims: Members, credential: Members): string | undefined {
  const ids = [claims.sub, ...[credential.credentialSubject].flat().map(idOf)]
  const told = ids.filter((id) => id !== undefined)
  const isIt = told.length > 0 && told.every((id) => id === subject)
  return isIt ? undefined : `it is not about ${subject}`
}

/** An id, or that of an object. */
function idOf(value: Json | undefined): Json | undefined {
  return isMembers(value) ? value.id : value
}

function tokenOf(value: Json | undefined) {
  if (typeof value !== 'string') throw badInput('"credential" must be a token as text')
  if (value.length > maxLength) {
    throw badInput(`"credential" is longer than ${maxLength} characters`)
  }
  const parts = value.split('.')
  const [header, claims, signature] = parts.map(bytesOf)
  if (parts.length !== 3 || !header || !claims || !signature) {
    throw badInput('"credential" must be three parts in base64url, with dots between')
  }
  const signed = Buffer.from(value.slice(0, value.lastIndexOf('.')))
  return { header: membersOf(header), claims: membersOf(claims), signed, signature }
}

/** Bytes of base64url in its one form. */
function bytesOf(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

function membersOf(bytes: Buffer): Members {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (isMembers(value)) return value
  } catch {
    // What follows says it.
  }
  throw badInput('"credential" must have a header and claims that are JSON objects')
}

function issuersOf(value: Json | undefined): readonly Issuer[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > maxIssuers) {
    throw badInput(`"issuers" must be a list of 1 to ${maxIssuers}, each {id, publicKeyJwk}`)
  }
  return value.map((one: Json, place) => {
    const { id, publicKeyJwk: jwk } = isMembers(one) ? one : {}
    if (typeof id !== 'string' || id === '' || !isMembers(jwk)) {
      throw badInput(`"issuers[${place}]" must be {id, publicKeyJwk}`)
    }
    if (jwk.d !== undefined) throw badInput(`"issuers[${place}].publicKeyJwk" is a private key`)
    const curve = String(jwk.crv)
    const isKnown = Object.values(algorithms).some((algorithm) => algorithm.curve === curve)
    const key = isKnown ? keyOf(jwk) : undefined
    if (key === undefined) {
      throw badInput(`"issuers[${place}].publicKeyJwk" is no key of Ed25519, P-256 or secp256k1`)
    }
    return { id, kid: jwk.kid, alg: jwk.alg, curve, key }
  })
}

function keyOf(jwk: Members): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: jwk as JsonWebKeyInput['key'], format: 'jwk' })
    return key.asymmetricKeyType === 'rsa' ? undefined : key
  } catch {
    return undefined
  }
}

function wantedText(value: Json | undefined, name: string): string | undefined {
  if (value === undefined || (typeof value === 'string' && value !== '')) return value
  throw badInput(`"${name}" must be text`)
}

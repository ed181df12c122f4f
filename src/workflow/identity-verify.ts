/** Gives workflows the step that says who signed something. */

import { hashMessage } from 'viem'
import { AppError } from '../base/app-error.ts'
import { fromHex, type Hex, toHex } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { Json, JsonRpcClient } from '../base/json-rpc.ts'
import { signedDomain, type TypedData, typedDataHash } from '../crypto/typed-data.ts'
import { badInput } from './evm/abi-json.ts'
import { fieldsOf } from './evm/contract-call.ts'
import { accountVerdict } from './identity/account-signature.ts'
import { credentialVerdict } from './identity/credential.ts'
import { keyVerdict } from './identity/key-signature.ts'
import { hexOf, isMembers, type Verdict } from './identity/verdict.ts'
import type { StepFunction } from './workflow.ts'

type Fields = ReturnType<typeof fieldsOf>

/** Longest message or typed data, and longest signature, in bytes. */
const [maxMessageBytes, maxSignatureBytes] = [65_536, 16_384]

/** The forms of the input: what each needs, and what it may have. */
const forms = [
  { needs: ['message', 'signature', 'signer'], may: [] },
  { needs: ['typedData', 'signature', 'signer'], may: [] },
  { needs: ['message', 'signature', 'publicKey'], may: [] },
  { needs: ['credential', 'issuers'], may: ['audience', 'subject'] },
]

/**
 * The function `identity.verify`: `{valid: true, kind, signer | issuer, claims?}` or `{valid: false, reason}`. What cannot be
 * looked at fails with `workflow/bad-input`.
 */
export function identityVerify(options: {
  /** Asked where the signer may be a contract. */
  readonly client: JsonRpcClient
  readonly clock: Clock
}): StepFunction {
  return async (input) => {
    const verdict = await verdictOf(fieldsOf(input), options)
    return { kind: 'done', output: verdict as unknown as Json }
  }
}

async function verdictOf(
  fields: Fields,
  { client, clock }: Parameters<typeof identityVerify>[0],
): Promise<Verdict> {
  checkForm(fields)
  const { credential, issuers, audience, subject, message, publicKey, signer } = fields
  if (credential !== undefined) {
    return credentialVerdict({ credential, issuers, audience, subject }, clock.nowMs())
  }
  const signature = hexOf(fields.signature, 'signature', maxSignatureBytes)
  if (publicKey !== undefined) {
    const signed = { message: messageBytes(message), signature: fromHex(signature) }
    return keyVerdict(publicKey, signed)
  }
  if (typeof signer !== 'string' || !/^0x[0-9a-fA-F]{40}$/.test(signer)) {
    throw badInput('"signer" must be an address')
  }
  const hash = message === undefined ? typedHash(fields.typedData) : messageHash(message)
  return accountVerdict(client, signer as Hex, { hash, signature })
}

/** A member that is misspelt, or of another form, would be a check that is not made. */
function checkForm(fields: Fields): void {
  const names = Object.keys(fields).filter((name) => fields[name] !== undefined)
  const isForm = forms.some(
    ({ needs, may }) =>
      needs.every((name) => names.includes(name)) &&
      names.every((name) => [...needs, ...may].includes(name)),
  )
  if (isForm) return
  const known = forms.map(({ needs, may }) =>
    [...needs, ...may.map((name) => `${name}?`)].join(', '),
  )
  throw badInput(`identity.verify takes one of {${known.join('}, {')}}, not {${names.join(', ')}}`)
}

/** EIP-191, version 0x45. */
function messageHash(message: Json): Hex {
  return hashMessage({ raw: messageBytes(message) })
}

function messageBytes(message: Json | undefined): Uint8Array {
  if (isMembers(message)) return fromHex(hexOf(message.raw, 'message.raw', maxMessageBytes))
  if (typeof message !== 'string') throw badInput('"message" must be text, or {raw: 0x…}')
  const bytes = new TextEncoder().encode(message)
  if (bytes.length > maxMessageBytes) {
    throw badInput(`"message" is longer than ${maxMessageBytes} bytes`)
  }
  return bytes
}

/** EIP-712. */
function typedHash(value: Json | undefined): Hex {
  const { types, primaryType, domain = {}, message } = isMembers(value) ? value : {}
  const isWhole =
    isMembers(types) &&
    Object.values(types).every(isFieldList) &&
    typeof primaryType === 'string' &&
    isMembers(domain) &&
    isMembers(message)
  if (!isWhole) throw badInput('"typedData" must be {types, primaryType, domain, message}')
  if (JSON.stringify(value).length > maxMessageBytes) {
    throw badInput(`"typedData" is longer than ${maxMessageBytes} characters`)
  }
  const data = { types, primaryType, domain, message } as unknown as TypedData
  const signed = new Set(signedDomain(data).map(({ name }) => name))
  // A chain or contract that the signature does not cover would look like one that it does.
  const unsigned = Object.keys(domain).find((name) => !signed.has(name))
  if (unsigned !== undefined) {
    throw badInput(
      `"typedData.domain.${unsigned}" is not signed: no field of the domain has this name`,
    )
  }
  try {
    return toHex(typedDataHash(data))
  } catch (error) {
    if (error instanceof AppError) throw badInput(error.message)
    throw error
  }
}

function isFieldList(value: Json): boolean {
  if (!Array.isArray(value)) return false
  return value.every(
    (field: Json) =>
      isMembers(field) && typeof field.name === 'string' && typeof field.type === 'string',
  )
}

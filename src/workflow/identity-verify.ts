/** Gives workflows the step that says who signed something. */

import { fromHex, type Hex } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { Json, JsonRpcClient } from '../base/json-rpc.ts'
import { badInput } from './evm/abi-json.ts'
import { fieldsOf } from './evm/contract-call.ts'
import { accountVerdict } from './identity/account-signature.ts'
import { credentialVerdict } from './identity/credential.ts'
import { keyVerdict } from './identity/key-signature.ts'
import { hexOf, type Verdict } from './identity/verdict.ts'
import { messageBytes, statementOf } from './statement.ts'
import type { StepFunction } from './workflow.ts'

type Fields = ReturnType<typeof fieldsOf>

/** Longest signature. */
const maxSignatureBytes = 16_384

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
  const { hash } = statementOf({ message, typedData: fields.typedData })
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

/** Finds out whether a public key that is given signed a message. */

import { fromHex, toHex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import { isSignature, type SignatureScheme, schemeFacts } from '../../crypto/signatures.ts'
import { badInput } from '../evm/abi-json.ts'
import { hexOf, invalid, isMembers, type Verdict } from './verdict.ts'

/**
 * Whether a signature of a message is that of `{scheme, key}`.
 *
 * @throws AppError `workflow/bad-input` for a key that is none
 */
export function keyVerdict(
  publicKey: Json,
  { message, signature }: { readonly message: Uint8Array; readonly signature: Uint8Array },
): Verdict {
  const { scheme, key } = isMembers(publicKey) ? publicKey : {}
  if (typeof scheme !== 'string' || !Object.hasOwn(schemeFacts, scheme)) {
    const known = Object.keys(schemeFacts).join(', ')
    throw badInput(`"publicKey.scheme" must be one of ${known}`)
  }
  const { publicKeyBytes, signatureBytes } = schemeFacts[scheme as SignatureScheme]
  const bytes = fromHex(hexOf(key, 'publicKey.key', publicKeyBytes))
  if (bytes.length !== publicKeyBytes) {
    throw badInput(`a key of ${scheme} has ${publicKeyBytes} bytes, not ${bytes.length}`)
  }
  if (signature.length !== signatureBytes) {
    return invalid(`a signature of ${scheme} has ${signatureBytes} bytes, not ${signature.length}`)
  }
  const isRight = isSignature(
    { scheme: scheme as SignatureScheme, publicKey: bytes },
    message,
    signature,
  )
  if (!isRight) return invalid(`it is no signature of this key of ${scheme}`)
  return { valid: true, kind: 'public-key', signer: toHex(bytes) }
}

/** Checks signatures of validators for real; simulations have schemes of their own. */

import { isSignature, type SignatureScheme } from '../../crypto/signatures.ts'
import type { SignatureSchemes } from './signatures.ts'

const of =
  (scheme: SignatureScheme): SignatureSchemes[SignatureScheme] =>
  (message, signature, publicKey) =>
    isSignature({ scheme, publicKey }, message, signature)

/** The schemes that a manifest may name. */
export const schemes: SignatureSchemes = {
  ed25519: of('ed25519'),
  'ml-dsa-65': of('ml-dsa-65'),
  secp256k1: of('secp256k1'),
}

/** Makes the certificate that TLS asks for; whom a link leads to is proven by the greeting, not by it. */

import { generateKeyPairSync, sign } from 'node:crypto'
import { concatBytes } from '../../base/bytes.ts'

/** In PEM. */
export interface Certificate {
  readonly key: string
  readonly cert: string
}

/** A self-signed certificate over a new Ed25519 key, good for ever (X.509 version 1; RFC 5280, RFC 8410). */
export function selfSigned(): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const algorithm = sequence(der(0x06, 0x2b, 0x65, 0x70))
  const name = sequence(der(0x31, ...sequence(der(0x06, 0x55, 0x04, 0x03), text('quantumstream'))))
  // No end of validity is known: RFC 5280, 4.1.2.5.
  const validity = sequence(time('20000101000000Z'), time('99991231235959Z'))
  const content = sequence(
    ...[der(0x02, 1), algorithm, name, validity, name],
    new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })),
  )
  const signature = der(0x03, 0, ...sign(null, content, privateKey))
  const whole = sequence(content, algorithm, signature)
  const lines = whole.toBase64().replaceAll(/.{64}/g, '$&\n')
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  }
}

/** A value in DER (X.690), shorter than 64 KiB. */
function der(tag: number, ...content: readonly number[]): Uint8Array {
  const { length } = content
  const long = length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Uint8Array.of(tag, ...(length < 128 ? [length] : long), ...content)
}

function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return der(0x30, ...concatBytes(...parts))
}

function text(words: string): Uint8Array {
  return der(0x0c, ...new TextEncoder().encode(words))
}

function time(words: string): Uint8Array {
  return der(0x18, ...new TextEncoder().encode(words))
}

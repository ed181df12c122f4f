/** Stands for a browser and its push service: checks who sends (RFC 8292) and decrypts what comes (RFC 8291). */

import assert from 'node:assert/strict'
import {
  createDecipheriv,
  createECDH,
  createPublicKey,
  hkdfSync,
  randomBytes,
  verify,
} from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { PushSubscription } from '../notification.ts'

/** A browser with one subscription. */
export interface PushBrowser {
  readonly subscription: PushSubscription
  /**
   * The plain text of a message.
   *
   * @throws AssertionError for a message that a push service or the browser would refuse
   */
  read(headers: IncomingHttpHeaders, body: Buffer): string
}

/** A browser that trusts one server. @param publicKey - base64url, as the server tells it */
export function createPushBrowser(endpoint: string, publicKey: string): PushBrowser {
  const receiver = createECDH('prime256v1')
  const p256dh = receiver.generateKeys()
  const auth = randomBytes(16)
  const keys = { p256dh: p256dh.toString('base64url'), auth: auth.toString('base64url') }
  return {
    subscription: { endpoint, keys },
    read(headers, body) {
      checkSender(headers, { publicKey, audience: new URL(endpoint).origin })
      assert.equal(headers['content-encoding'], 'aes128gcm')
      assert.match(String(headers.ttl), /^\d+$/)
      const [salt, keyLength] = [body.subarray(0, 16), body[20] ?? 0]
      const sender = body.subarray(21, 21 + keyLength)
      const secret = receiver.computeSecret(sender)
      const info = Buffer.concat([Buffer.from('WebPush: info\0'), p256dh, sender])
      const keying = Buffer.from(hkdfSync('sha256', secret, auth, info, 32))
      const part = (label: string, length: number) =>
        Buffer.from(hkdfSync('sha256', keying, salt, Buffer.from(`${label}\0`), length))
      const key = part('Content-Encoding: aes128gcm', 16)
      const decipher = createDecipheriv('aes-128-gcm', key, part('Content-Encoding: nonce', 12))
      const sealed = body.subarray(21 + keyLength)
      assert.ok(sealed.length <= body.readUInt32BE(16))
      decipher.setAuthTag(sealed.subarray(-16))
      const plain = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])
      // The last record ends with a 2 and zeros.
      const end = plain.lastIndexOf(2)
      assert.ok(plain.subarray(end + 1).every((byte) => byte === 0))
      return plain.subarray(0, end).toString()
    },
  }
}

/** `Authorization: vapid t=JWT, k=KEY`, signed by the key that the browser subscribed with. */
function checkSender(
  { authorization = '' }: IncomingHttpHeaders,
  { publicKey, audience }: { readonly publicKey: string; readonly audience: string },
): void {
  const [, token = '', key = ''] = /^vapid t=([^,]+), ?k=([^,]+)$/.exec(authorization) ?? []
  assert.equal(key, publicKey)
  const [head = '', claims = '', signature = ''] = token.split('.')
  const point = Buffer.from(publicKey, 'base64url')
  const jwk = {
    ...{ kty: 'EC', crv: 'P-256', x: point.subarray(1, 33).toString('base64url') },
    y: point.subarray(33).toString('base64url'),
  }
  const isRight = verify(
    'sha256',
    Buffer.from(`${head}.${claims}`),
    { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  )
  assert.ok(isRight, 'the signature of the sender is wrong')
  assert.equal(JSON.parse(String(Buffer.from(head, 'base64url'))).alg, 'ES256')
  const { aud, exp, sub } = JSON.parse(String(Buffer.from(claims, 'base64url')))
  assert.equal(aud, audience)
  assert.match(sub, /^(mailto:|https:)/)
  assert.ok(exp > Date.now() / 1_000 && exp <= Date.now() / 1_000 + 86_400)
}

/** Signs and checks what goes to webhooks, by Standard Webhooks (HMAC-SHA256, `v1`). */

import { createHmac, timingSafeEqual } from 'node:crypto'
import { AppError } from '../base/app-error.ts'

/** What is signed. */
export interface WebhookMessage {
  /** The same for each attempt; no full stop in it. */
  readonly id: string
  /** Of this attempt. */
  readonly timestampMs: number
  readonly body: string | Uint8Array
}

/** Furthest that a timestamp may be away, in milliseconds. */
const toleranceMs = 5 * 60_000

/**
 * The headers of a signed message: `webhook-id`, `webhook-timestamp` (seconds), `webhook-signature`.
 *
 * @param secrets - base64 with or without `whsec_`, 24 to 64 bytes; several while one replaces another
 * @throws AppError `workflow/bad-webhook-secret`, `workflow/bad-input` for an id that cannot be signed
 * @see Standard Webhooks, "Signature scheme"
 */
export function signWebhook(
  secrets: readonly string[],
  { id, timestampMs, body }: WebhookMessage,
): Readonly<Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>> {
  // A full stop would let an id take over what the timestamp says.
  if (!/^[\x21-\x2d\x2f-\x7e]{1,256}$/.test(id)) {
    const message = 'the id of a webhook is 1 to 256 printable characters without a full stop'
    throw new AppError({ code: 'workflow/bad-input', message })
  }
  const timestamp = String(Math.floor(timestampMs / 1_000))
  const signed = secrets.map((secret) => `v1,${hmac(secret, { id, timestamp, body })}`)
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signed.join(' '),
  }
}

/**
 * Whether one of the signatures is of one of the secrets, and the timestamp within five minutes. Takes the same time
 * wherever a signature differs.
 *
 * @param headers - names in lower case
 */
export function isSignedWebhook(
  secrets: readonly string[],
  headers: Readonly<Record<string, string | undefined>>,
  { body, nowMs }: { readonly body: string | Uint8Array; readonly nowMs: number },
): boolean {
  const id = headers['webhook-id'] ?? ''
  const timestamp = headers['webhook-timestamp'] ?? ''
  const sent = (headers['webhook-signature'] ?? '').split(' ', 16)
  if (id === '' || id.includes('.') || !/^\d{1,12}$/.test(timestamp)) return false
  if (Math.abs(Number(timestamp) * 1_000 - nowMs) > toleranceMs) return false
  const right = secrets.map((secret) => Buffer.from(hmac(secret, { id, timestamp, body })))
  let found = false
  for (const one of sent) {
    const [version, text = ''] = one.split(',', 2)
    const bytes = Buffer.from(text)
    for (const expected of right)
      if (version === 'v1' && bytes.length === expected.length && timingSafeEqual(bytes, expected))
        found = true
  }
  return found
}

/** Whether a text is a secret that messages can be signed with. */
export function isWebhookSecret(secret: string): boolean {
  const text = secret.replace(/^whsec_/, '')
  const { length } = Buffer.from(text, 'base64')
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) && length >= 24 && length <= 64
}

function hmac(
  secret: string,
  { id, timestamp, body }: Pick<WebhookMessage, 'id' | 'body'> & { readonly timestamp: string },
): string {
  if (!isWebhookSecret(secret)) {
    const message = 'the secret of a webhook is base64 of 24 to 64 bytes, with or without "whsec_"'
    throw new AppError({ code: 'workflow/bad-webhook-secret', message })
  }
  return createHmac('sha256', Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))
    .update(`${id}.${timestamp}.`)
    .update(body)
    .digest('base64')
}

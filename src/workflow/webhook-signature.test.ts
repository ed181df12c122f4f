/** Signs webhooks as others do, and sees through forged ones. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSignedWebhook, isWebhookSecret, signWebhook } from './webhook-signature.ts'

/** The known answer of the reference libraries (standard-webhooks, javascript/src/webhook.test.ts). */
const known = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  ...{ id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestampMs: 1_614_265_330_000 },
  body: '{"test": 2432232314}',
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
}
const other = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const nowMs = known.timestampMs

test('a message has the signature that the reference libraries give', () => {
  assert.deepEqual(signWebhook([known.secret], known), {
    ...{ 'webhook-id': known.id, 'webhook-timestamp': '1614265330' },
    'webhook-signature': known.signature,
  })
})

test('what was signed is known again, also while one secret replaces another', () => {
  const body = Buffer.from(known.body)
  const headers = signWebhook([other, known.secret], known)
  for (const secrets of [[known.secret], [other], [other, known.secret]])
    assert.equal(isSignedWebhook(secrets, headers, { body, nowMs }), true)
  assert.equal(isSignedWebhook([other.replace('B', 'C')], headers, { body, nowMs }), false)
  const mixed = { ...headers, 'webhook-signature': `v1a,x ${known.signature} v2,y` }
  assert.equal(isSignedWebhook([known.secret], mixed, { body, nowMs }), true)
})

test('what was changed, is old, or lacks something is not', () => {
  const { body } = known
  const headers = signWebhook([known.secret], known)
  const check = (change: object, at = nowMs, text = body) =>
    isSignedWebhook([known.secret], { ...headers, ...change }, { body: text, nowMs: at })
  assert.equal(check({}), true)
  assert.equal(check({}, nowMs, `${body} `), false)
  assert.equal(check({}, nowMs + 5 * 60_000), true)
  assert.equal(check({}, nowMs + 5 * 60_000 + 1_000), false)
  assert.equal(check({}, nowMs - 5 * 60_000 - 1_000), false)
  for (const change of [
    ...[{ 'webhook-id': 'msg_other' }, { 'webhook-id': undefined }],
    ...[{ 'webhook-timestamp': '1614265331' }, { 'webhook-timestamp': 'x' }],
    ...[{ 'webhook-signature': undefined }, { 'webhook-signature': '' }],
    { 'webhook-signature': known.signature.replace('v1,', 'v2,') },
    { 'webhook-signature': known.signature.replace('g0', 'h0') },
    { 'webhook-signature': 'v1,' },
  ])
    assert.equal(check(change), false, JSON.stringify(change))
})

test('an id or a secret that weakens the signature is refused', () => {
  for (const id of ['', 'a.b', 'a b', 'a\n', 'x'.repeat(257)])
    assert.throws(() => signWebhook([other], { ...known, id }), { code: 'workflow/bad-input' })
  for (const secret of ['', 'whsec_', 'short', 'whsec_!!!', Buffer.alloc(65).toString('base64')]) {
    assert.equal(isWebhookSecret(secret), false)
    assert.throws(() => signWebhook([secret], known), { code: 'workflow/bad-webhook-secret' })
  }
})

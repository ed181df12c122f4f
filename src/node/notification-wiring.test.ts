/** Checks which channels the settings set up, and which of them is the usual one. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notificationOptions } from './notification-wiring.ts'

const none = {
  ...{ notifications: undefined, notifyWebhook: undefined, smtp: undefined },
  ...{ mailFrom: undefined, mailTo: undefined },
}
const mail = {
  smtp: 'smtp://mail.example',
  mailFrom: 'node@example.org',
  mailTo: 'ops@example.org',
}

test('without settings notifications stay in the outbox', () => {
  const { default: usual, ...options } = notificationOptions(none)
  assert.equal(usual, 'outbox')
  assert.deepEqual(options, { perHour: 60, attempts: 8, groups: {} })
})

test('one hook and one mail server are the usual channels, unless the section names another', () => {
  const notifyWebhook = 'https://hook.example/x'
  const both = notificationOptions({ ...none, ...mail, notifyWebhook })
  assert.deepEqual(both.default, ['webhook', 'email'])
  assert.deepEqual(both.webhook, { hooks: { default: notifyWebhook } })
  assert.deepEqual(both.email, { url: mail.smtp, from: mail.mailFrom, to: mail.mailTo })
  const section = { default: 'slack', slack: { hooks: { a: 'https://slack.example' } } }
  const named = { ...none, ...mail, notifications: JSON.stringify(section) }
  assert.equal(notificationOptions(named).default, 'slack')
})

test('a mail server without a sender or a receiver stops the start', () => {
  const lacking = { ...none, ...mail, mailTo: undefined }
  assert.throws(() => notificationOptions(lacking), { code: 'node/incomplete-mail' })
})

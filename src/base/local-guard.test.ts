/** Checks which requests a server on this machine answers. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from './app-error.ts'
import { assertLoopback, type LocalRequest, localRefusal } from './local-guard.ts'

const request = (parts: Partial<LocalRequest>): LocalRequest => ({
  method: 'POST',
  host: '127.0.0.1:8545',
  contentType: 'application/json',
  ...parts,
})
const code = (parts: Partial<LocalRequest>) => localRefusal(request(parts), { port: 8545 })?.code

test('the names of this machine pass with any port and in any case', () => {
  for (const host of [
    ...['localhost', 'LOCALHOST:8545', '127.0.0.1', '127.0.0.1:1', '[::1]', '[::1]:65535'],
    // A server may be told to listen on any address of the loopback network.
    ...['127.0.0.2', '127.8.9.10:4000'],
  ]) {
    assert.equal(code({ host }), undefined, host)
  }
})

test('other names are refused, as DNS rebinding brings them', () => {
  for (const host of [
    ...[undefined, '', 'evil.example', 'evil.example:8545', '127.0.0.1.evil.example'],
    ...['localhost.evil.example', 'localhost.', '0.0.0.0:8545', '192.168.1.5', '127.1'],
    ...['::1', '[::1', '[::]', '[::ffff:127.0.0.1]', '127.0.0.1:8545:1', '127.0.0.1:99999'],
    ...['127.0.0.1@evil.example', 'localhost:8545, evil.example', 'localhost:', '2130706433'],
  ]) {
    assert.equal(code({ host }), 'base/foreign-host', String(host))
  }
})

test('pages of this server pass, pages of any other origin do not', () => {
  for (const origin of [
    ...[
      'http://localhost:8545',
      'http://127.0.0.1:8545',
      'http://[::1]:8545',
      'HTTP://LocalHost:8545',
      'http://127.0.0.2:8545',
    ],
  ]) {
    assert.equal(code({ origin }), undefined, origin)
  }
  for (const origin of [
    ...['null', '', 'https://evil.example', 'http://localhost', 'http://localhost:3000'],
    ...[
      'https://localhost:8545',
      'http://127.0.0.2',
      'http://localhost:8545.evil.example',
      'http://localhost:85451',
    ],
    ...['http://evil.example#http://localhost:8545', 'file://', 'chrome-extension://abc'],
  ]) {
    assert.equal(code({ origin }), 'base/foreign-origin', origin)
  }
})

test('a server on port 80 knows its origin without a port', () => {
  const asked = request({ origin: 'http://localhost' })
  assert.equal(localRefusal(asked, { port: 80 }), undefined)
})

test('browser extensions pass only where they are let through', () => {
  const asked = (origin: string) =>
    localRefusal(request({ origin }), { port: 8545, extensions: true })?.code
  assert.equal(asked('chrome-extension://nkbihfbeogaeaoehlefnkodbefgpgknn'), undefined)
  assert.equal(asked('moz-extension://5f0e1c2a-7b3d-4e5f-8a9b-0c1d2e3f4a5b'), undefined)
  assert.equal(asked('chrome-extension://a.evil.example'), 'base/foreign-origin')
  assert.equal(asked('https://chrome-extension.example'), 'base/foreign-origin')
})

test('a body must have an allowed type, and only a body', () => {
  assert.equal(code({ contentType: 'Application/JSON; charset=utf-8' }), undefined)
  for (const contentType of [undefined, 'text/plain', 'application/x-www-form-urlencoded', ''])
    assert.equal(code({ contentType }), 'base/body-type')
  assert.equal(code({ contentType: 'application/json-seq' }), 'base/body-type')
  assert.equal(code({ method: 'GET', contentType: undefined }), undefined)
  assert.equal(code({ method: 'patch', contentType: 'text/plain' }), 'base/body-type')
  const yaml = request({ contentType: 'application/yaml' })
  const bodyTypes = ['application/json', 'application/yaml']
  assert.equal(localRefusal(yaml, { port: 8545, bodyTypes }), undefined)
})

test('where any body is taken, those that a form can send are not', () => {
  const refused = (contentType?: string) =>
    localRefusal(request({ contentType }), { port: 8545, bodyTypes: 'no-form' })?.code
  for (const one of ['application/json', 'application/octet-stream', 'image/png', 'text/csv'])
    assert.equal(refused(one), undefined, one)
  for (const one of ['', 'Text/Plain; charset=utf-8', 'multipart/form-data; boundary=x'])
    assert.equal(refused(one), 'base/body-type', one)
  assert.equal(refused(), 'base/body-type')
  assert.equal(refused('application/x-www-form-urlencoded'), 'base/body-type')
})

test('a refusal carries its status and names what was sent, cut short', () => {
  const refusal = localRefusal(request({ host: `${'x'.repeat(5000)}.example` }), { port: 8545 })
  assert.equal(refusal?.status, 403)
  assert.ok(refusal.message.includes('xxx') && refusal.message.length < 250)
  assert.equal(localRefusal(request({ contentType: 'text/plain' }), { port: 1 })?.status, 415)
})

test('listening is held to this machine', () => {
  for (const host of ['localhost', 'LOCALHOST', '127.0.0.1', '127.8.9.10', '::1', '[::1]'])
    assertLoopback(host)
  for (const host of [
    ...['0.0.0.0', '::', '[::]', '', '192.168.0.1', '10.0.0.1', 'example.com', '127.evil.example'],
    ...['::ffff:0.0.0.0', '127.1', 'localhost.example'],
  ]) {
    assert.throws(
      () => assertLoopback(host),
      (error) => error instanceof AppError && error.code === 'base/public-address',
      host,
    )
  }
})

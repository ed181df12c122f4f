/** Answers digest challenges as RFC 7616 shows. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { challengesOf, digestAuthorization, digestChallenge } from './digest.ts'

const nonce = '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v'
const opaque = 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS'
const challenge = (algorithm: string) =>
  `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, nonce="${nonce}", opaque="${opaque}"`
const request = { method: 'GET', uri: '/dir/index.html', body: '' }
const user = {
  ...{ username: 'Mufasa', password: 'Circle of Life', count: 1 },
  cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
}
const fieldsIn = (header: string) => challengesOf(header)[0]?.parameters

test('the known answers of RFC 7616, 3.9.1', () => {
  for (const [algorithm, response] of [
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ] as const) {
    const found = digestChallenge(challenge(algorithm))
    assert.ok(found)
    assert.deepEqual(fieldsIn(digestAuthorization(found, request, user)), {
      ...{ username: 'Mufasa', realm: 'http-auth@example.org', uri: '/dir/index.html' },
      ...{ nonce, response, algorithm, qop: 'auth', nc: '00000001', cnonce: user.cnonce, opaque },
    })
  }
})

test('the strongest challenge that is known is answered', () => {
  const both = `${challenge('MD5')}, ${challenge('SHA-256')}, Basic realm="x", Negotiate abc==, ${challenge('ROT13')}`
  assert.equal(digestChallenge(both)?.parameters.algorithm, 'SHA-256')
  assert.deepEqual(
    challengesOf(both).map(({ scheme }) => scheme),
    ['digest', 'digest', 'basic', 'negotiate', 'digest'],
  )
  for (const none of [
    '',
    'Basic realm="x"',
    challenge('ROT13'),
    'Digest realm="x"',
    'Digest ,,,="',
  ])
    assert.equal(digestChallenge(none), undefined)
})

test('names are hashed or encoded where they have to be', () => {
  const [found] = challengesOf(
    'Digest realm="r", nonce="n", algorithm=SHA-256, userhash=true, qop="auth-int"',
  )
  assert.ok(found)
  const hashed = fieldsIn(digestAuthorization(found, request, user))
  assert.match(hashed?.username ?? '', /^[0-9a-f]{64}$/)
  assert.equal(hashed?.userhash, 'true')
  assert.equal(hashed?.qop, 'auth-int')
  const [plain] = challengesOf('Digest realm="a \\"b\\"", nonce="n"')
  assert.ok(plain)
  const header = digestAuthorization(plain, request, { ...user, username: 'Jäsøn Doe' })
  assert.match(header, /username\*=UTF-8''J%C3%A4s%C3%B8n%20Doe, realm="a \\"b\\""/)
  assert.doesNotMatch(header, /qop|cnonce/)
})

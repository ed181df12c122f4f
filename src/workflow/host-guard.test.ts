/** Tells public addresses from those that lead inside. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHostGuard, isAllowedHost } from './host-guard.ts'

test('addresses that are not of the public Internet are refused, at both ends of each range', () => {
  const guard = createHostGuard([])
  const inside = [
    ...['0.0.0.0', '0.255.255.255', '10.0.0.0', '10.255.255.255', '100.64.0.0', '100.127.255.255'],
    ...['127.0.0.1', '127.255.255.255', '169.254.169.254', '172.16.0.0', '172.31.255.255'],
    ...[
      '192.0.0.192',
      '192.0.2.1',
      '192.168.0.0',
      '192.168.255.255',
      '198.18.0.0',
      '198.19.255.255',
    ],
    ...['198.51.100.7', '203.0.113.7', '224.0.0.1', '239.255.255.255', '240.0.0.0'],
    ...['255.255.255.255', '100.100.100.200', '168.63.129.16', '192.88.99.1'],
    ...['::', '::1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::127.0.0.1', '64:ff9b::7f00:1'],
    ...['fc00::1', 'fd00:ec2::254', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', '100::1'],
    ...['2001::1', '2001:db8::1', '2002:7f00:1::', '3fff::1', '4000::1', '5f00::1'],
    ...['', 'localhost', '1.2.3', '1.2.3.4.5'],
  ]
  for (const address of inside) assert.equal(guard.allowsAddress(address), false, address)
  const outside = [
    ...['1.1.1.1', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255'],
    ...['128.0.0.0', '172.15.255.255', '172.32.0.0', '192.167.255.255', '192.169.0.0'],
    ...['198.17.255.255', '198.20.0.0', '223.255.255.255', '2606:4700::1111', '2a00::1', '3ffe::1'],
  ]
  for (const address of outside) assert.equal(guard.allowsAddress(address), true, address)
})

test('a setting allows hosts by name, with or without a port, and ranges', () => {
  const guard = createHostGuard(['Intern.example', 'db:8080', '[::1]:9', '10.1.0.0/16', 'fd00::/8'])
  assert.equal(guard.allowsName('intern.example', '443'), true)
  assert.equal(guard.allowsName('db', '8080'), true)
  assert.equal(guard.allowsName('db', '80'), false)
  assert.equal(guard.allowsName('[::1]', '9'), true)
  assert.equal(guard.allowsName('evil.intern.example', '443'), false)
  assert.equal(guard.allowsAddress('10.1.255.255'), true)
  assert.equal(guard.allowsAddress('::ffff:10.1.2.3'), true)
  assert.equal(guard.allowsAddress('10.2.0.0'), false)
  assert.equal(guard.allowsAddress('fd12::1'), true)
})

test('what is no host and no range is no value of the setting', () => {
  for (const word of ['a', 'a.b-c:80', '127.0.0.1', '[::1]:80', '10.0.0.0/8', '::1/128'])
    assert.equal(isAllowedHost(word), true, word)
  for (const word of [
    '',
    'http://a',
    'a/b',
    '10.0.0.0/33',
    '10.0.0/8',
    'a:b',
    'a b',
    '::1/129',
    '*',
  ])
    assert.equal(isAllowedHost(word), false, word)
})

/** Reads the section of functions, right ones and wrong ones. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../base/json-rpc.ts'
import { readFunctionOptions } from './function-options.ts'

test('without a word there are local functions, and with an endpoint those there', () => {
  const plain = readFunctionOptions({})
  assert.deepEqual([plain.default, Object.keys(plain.providers)], ['local', ['local']])
  const url = 'https://functions.example/f'
  const posted = readFunctionOptions({}, { url })
  assert.equal(posted.default, 'http')
  assert.deepEqual(posted.providers.http, { kind: 'http', url })
  assert.equal(readFunctionOptions({ default: 'local' }, { url }).default, 'local')
})

test('secrets come from the environment, and names lead to providers', () => {
  const given = {
    default: 'lambda',
    providers: {
      lambda: { kind: 'aws', region: 'eu-central-1', secretAccessKey: 'env:AWS_KEY' },
      partner: { kind: 'http', url: 'https://partner.example/{name}', secrets: ['env:HOOK'] },
      local: { kind: 'local', memoryMb: 128 },
    },
    names: { kyc: 'partner', score: { provider: 'local', concurrency: 2 } },
  }
  const environment = { AWS_KEY: 'geheim', HOOK: Buffer.alloc(32).toString('base64') }
  const { providers, names, default: first } = readFunctionOptions(given, { environment })
  assert.equal(first, 'lambda')
  assert.deepEqual(providers.lambda, { ...given.providers.lambda, secretAccessKey: 'geheim' })
  assert.deepEqual(names, { kyc: { provider: 'partner' }, score: given.names.score })
})

test('what is wrong is told by its place, and without the value', () => {
  const refused = (given: Json, message: RegExp) =>
    assert.throws(
      () => readFunctionOptions(given),
      (error: Error) => {
        assert.match(error.message, message)
        return !error.message.includes('geheim')
      },
    )
  refused([], /functions": the whole/)
  refused({ what: 1 }, /Unrecognized key: "what"/)
  refused({ providers: { x: { kind: 'ftp' } } }, /providers\.x\.kind/)
  refused({ providers: { x: { kind: 'http', url: 'geheim' } } }, /providers\.x\.url/)
  refused(
    { providers: { x: { kind: 'http', url: 'http://a', secrets: ['geheim'] } } },
    /secrets\.0/,
  )
  refused({ providers: { local: { kind: 'aws' } } }, /"local" is the name/)
  refused({ default: 'nowhere' }, /no provider "nowhere"/)
  refused({ names: { kyc: 'nowhere' } }, /no provider "nowhere"/)
  refused({ names: { '../kyc': 'local' } }, /names/)
  refused({ providers: { x: { kind: 'aws', role: 'env:NOT_SET' } } }, /NOT_SET is not set/)
})

/** Holds the checked-in documents to the code they describe. */

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { apiDocument } from '../src/api/api.ts'
import { settingsPage } from '../src/node/settings-page.ts'
import { rpcDocument } from '../src/rpc/rpc.ts'

const read = (name: string) => readFile(path.join(import.meta.dirname, '../docs', name), 'utf8')

test('docs/openapi.json is what the API serves; `npm run docs:openapi` writes it', async () => {
  assert.deepEqual(
    JSON.parse(await read('openapi.json')),
    JSON.parse(JSON.stringify(apiDocument())),
  )
})

test('docs/openrpc.json is what JSON-RPC serves; `npm run docs:openrpc` writes it', async () => {
  assert.deepEqual(
    JSON.parse(await read('openrpc.json')),
    JSON.parse(JSON.stringify(rpcDocument())),
  )
})

test('docs/settings.md is what the schema says; `npm run docs:settings` writes it', async () => {
  assert.equal(await read('settings.md'), settingsPage())
})

/** Holds the checked-in documents to the code they describe. */

import assert from 'node:assert/strict'
import { existsSync, globSync } from 'node:fs'
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

const root = path.join(import.meta.dirname, '..')
const pages = globSync(['*.md', 'docs/**/*.md', 'examples/*/*.md'], { cwd: root })

test('links of documents lead to files and headings that are there', async () => {
  assert.ok(pages.length > 40)
  for (const page of pages) {
    const text = await readFile(path.join(root, page), 'utf8')
    for (const [, target = '', heading] of text.matchAll(/\]\(([^)#:]*)(?:#([^)]*))?\)/g)) {
      const file = target === '' ? page : path.join(path.dirname(page), target)
      assert.ok(existsSync(path.join(root, file)), `${page}: ${target}`)
      if (heading === undefined) continue
      const headings = (await readFile(path.join(root, file), 'utf8')).match(/^#+ .*$/gm) ?? []
      assert.ok(headings.map(anchorOf).includes(heading), `${page}: ${target}#${heading}`)
    }
  }
})

test('documents name scripts that there are', async () => {
  const { scripts } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>
  }
  for (const page of pages) {
    const text = await readFile(path.join(root, page), 'utf8')
    for (const [, name = ''] of text.matchAll(/npm run\s+([a-z][a-z0-9:-]*)/g))
      assert.ok(scripts[name], `${page}: npm run ${name}`)
  }
})

/** What a heading is called in links. */
function anchorOf(heading: string): string {
  const words = heading.replace(/^#+ /, '').toLowerCase()
  return words.replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-')
}

/** Holds the source to the import table, the naming rules and the size limits. */

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { readSources } from './architecture.facts.ts'
import * as rules from './architecture.rules.ts'
import { assemblyFolders, exceptions, rooms } from './architecture.table.ts'

const root = path.join(import.meta.dirname, '..')
const sources = await readSources(root, ['src'])
const everywhere = [
  ...sources,
  ...(await readSources(
    root,
    ['kernel', 'test', 'tools', 'bench', 'ui/src', 'contracts/test'].filter((folder) =>
      existsSync(path.join(root, folder)),
    ),
  )),
]
const kernelFree = sources.filter(
  ({ file }) => !assemblyFolders.some((folder) => file.startsWith(folder)),
)

function none(faults: readonly string[]): void {
  assert.equal(faults.length, 0, `\n${faults.join('\n')}\n`)
}

test('the import table has no upward row and keeps the wings apart', () => {
  none(rules.tableFaults(rooms))
})

test('every import is one that the table allows', () => {
  assert.ok(sources.length > 0, 'no source was read')
  none(rules.parseFaults(everywhere))
  none(rules.importFaults(rooms, sources))
})

test('no files import each other in a circle', () => {
  none(rules.cycleFaults(everywhere))
})

test('names are in kebab-case and say what a file is for', () => {
  none(rules.nameFaults(everywhere.map(({ file }) => file)))
})

test('every file opens with one sentence that says what it is for', () => {
  none(rules.headFaults(everywhere))
})

test('hooks for each test belong to the tests of their file', () => {
  none(rules.hookFaults(everywhere.filter(({ file }) => /^(src|test)\//.test(file))))
})

test('files and functions stay short', () => {
  none(rules.lengthFaults(everywhere, exceptions))
})

test('pure rooms reach for nothing outside their arguments', () => {
  none(rules.purityFaults(rooms, kernelFree))
})

test('ARCHITECTURE.md names every room', async () => {
  none(rules.documentFaults(rooms, await readFile(path.join(root, 'ARCHITECTURE.md'), 'utf8')))
})

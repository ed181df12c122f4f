/** Holds the tables of the event wing to what processes of different versions can share. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventMigrations } from './event-wing.ts'

/** What a program that does not know of it can live beside. */
const adds =
  /^(CREATE (TABLE|INDEX|UNIQUE INDEX) \w|ALTER TABLE \w+ ADD COLUMN \w+ \w+(?!.*\bNOT NULL\b(?!.*\bDEFAULT\b)))/

test('migrations only add: an older process goes on beside a newer one', () => {
  for (const { id, statements } of eventMigrations) {
    for (const statement of statements) {
      assert.match(statement.trim().replace(/\s+/g, ' '), adds, `${id}: ${statement}`)
    }
  }
})

test('each migration has a name of its own', () => {
  const ids = eventMigrations.map(({ id }) => id)
  assert.equal(new Set(ids).size, ids.length)
})

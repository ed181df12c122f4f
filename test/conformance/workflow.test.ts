/** Runs the conformance kit of the workflow language. */

import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { skipVectors, vectorFolder } from './vectors.ts'
import { runFeatures } from './workflow/features.ts'

test('the conformance kit', { skip: skipVectors() }, async () => {
  const { passed, failures } = await runFeatures(path.join(vectorFolder, 'workflow/ctk'))
  // The others call services, which are not there yet.
  assert.ok(passed >= 12, failures.join('\n'))
})

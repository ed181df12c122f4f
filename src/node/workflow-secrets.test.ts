/** Tests where the secrets of workflows come from, and that a refusal tells none of them. */

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { workflowSecrets } from './workflow-secrets.ts'

test('secrets are values, variables of the environment, and files', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'workflow-secrets-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeFile(path.join(folder, 'token'), 'from a file\n')
  const section = {
    plain: 'abc',
    bank: { username: 'us', password: 'env:BANK_PASSWORD', pins: ['env:BANK_PASSWORD', 7] },
    mounted: `file:${path.join(folder, 'token')}`,
  }
  const secrets = await workflowSecrets(JSON.stringify(section), { BANK_PASSWORD: 'hidden' })
  assert.equal(await secrets('plain'), 'abc')
  assert.deepEqual(await secrets('bank'), {
    ...{ username: 'us', password: 'hidden', pins: ['hidden', 7] },
  })
  assert.equal(await secrets('mounted'), 'from a file')
  assert.equal(await secrets('toString'), undefined)
  assert.equal(await (await workflowSecrets(undefined, {}))('plain'), undefined)
})

test('what cannot be read is refused by its name, without a value', async () => {
  for (const [section, message] of [
    [{ bank: { key: 'env:NO_KEY' }, own: 'abcdef' }, /^the secret "bank": .* NO_KEY is not set$/],
    [{ bank: 'file:/nowhere/x' }, /^the secret "bank": \/nowhere\/x cannot be read: there is no/],
    [['abcdef'], /^the section "secrets" must be an object of secrets by name$/],
  ] as const) {
    await assert.rejects(workflowSecrets(JSON.stringify(section), {}), {
      ...{ code: 'node/bad-secrets', message },
    })
  }
})

/** Opens the keys of a validator for the chains of its process. */

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import type { Manifest } from '../chain/ledger/manifest.ts'
import { birthManifest, founderOf } from './birth-manifest.ts'
import type { Composition } from './composition.ts'
import { createKeyFile, openKeyFile } from './key-files.ts'
import { openValidatorKeys } from './validator-key.ts'

test('a founder must sign for its chain, and may leave a fork of it to others', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'keys-'))
  t.after(() => rm(folder, { recursive: true }))
  const at = (name: string) => path.join(folder, name)
  await writeFile(at('password'), 'a long password')
  await createKeyFile(at('key'), 'a long password')
  const seed = await openKeyFile(at('key'), 'a long password')
  const founders = [founderOf('ed25519', seed, new Uint8Array(20).fill(1))]
  const stops: (() => Promise<void>)[] = []
  const values = { validatorKeyFile: at('key'), validatorPasswordFile: at('password') }
  const keysOf = await openValidatorKeys({ values, hooks: {}, stops } as unknown as Composition)
  const isAnybodys = (manifest: Manifest) => keysOf(manifest).map((one) => one.isAnybodys)
  const chain = birthManifest({
    ...{ name: 'voted', chainId: 7, consensus: 'bft', founders, accounts: [] },
    ...{ time: 1_700_000_000, gasLimit: 30_000_000 },
  })
  assert.deepEqual(isAnybodys(chain), [false])
  const hash = new Uint8Array(32)
  const parent = { chain: hash, number: 7n, hash, stateRoot: hash }
  assert.deepEqual(isAnybodys({ ...chain, parent }), [true])
  for (const stop of stops) await stop()
})

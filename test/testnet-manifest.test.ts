/** Tests that each consensus of the test network gives a manifest that this program opens. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manifestToJson, parseManifest } from '../src/chain/ledger/manifest-codec.ts'
import { consensusParts } from '../src/node/birth-manifest.ts'
import { foundersOf, testnetManifest } from '../tools/testnet-manifest.ts'

const seeds = [1, 2, 3, 4].map((byte) => new Uint8Array(32).fill(byte))

for (const name of Object.keys(consensusParts)) {
  test(`the manifest of a network by ${name} is read back as it is written`, () => {
    const manifest = testnetManifest(name, foundersOf('ed25519', seeds), 1_700_000_000)
    assert.equal(manifest.consensus.engine, name)
    assert.equal(manifest.genesis.timestamp, 1_700_000_000n)
    const text = manifestToJson(manifest)
    assert.equal(manifestToJson(parseManifest(text)), text)
  })
}

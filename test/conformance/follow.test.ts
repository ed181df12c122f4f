/** Imports a public chain of 54 blocks that runs through every fork, from Homestead to the second change of blobs. */

import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { systemClock, systemTimer } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { noMetrics } from '../../src/base/metrics.ts'
import { readBlockFile } from '../../src/chain/block-files.ts'
import { createChain } from '../../src/chain/create-chain.ts'
import { manifestFromGenesis } from '../../src/chain/ledger/genesis-json.ts'
import { plainFile, skipVectors } from './vectors.ts'

describe('a public chain', { skip: skipVectors() }, () => {
  test('is taken block by block; each wrong one is refused and leaves the head', async (t) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'qs-follow-'))
    t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }))
    const text = await readFile(plainFile('execution-apis/genesis.json'), 'utf8')
    const manifest = manifestFromGenesis(text, 'public')
    const chain = await createChain(
      ...([
        { manifest, folder, beneficiary: new Uint8Array(20) },
        { clock: systemClock, timer: systemTimer, logger: silentLogger, metrics: noMetrics },
      ] as const),
    )
    await chain.start()
    t.after(() => chain.stop())
    for await (const block of readBlockFile(plainFile('execution-apis/chain.rlp'))) {
      const { header } = block
      const changed = { ...header, gasUsed: header.gasUsed + 1n }
      const before = chain.head().hash
      const refused = await chain.importBlock({ ...block, header: changed, hash: header.stateRoot })
      assert.equal(refused.kind, 'invalid')
      assert.deepEqual(chain.head().hash, before)
      assert.deepEqual(await chain.importBlock(block), { kind: 'valid' })
      for (const one of [chain.head(), chain.safe(), chain.finalized()]) {
        assert.deepEqual(one.hash, block.hash)
      }
    }
    assert.equal(chain.head().header.number, 54n)
  })
})

/** Runs the public vectors of precompiles: BLS12-381 (EIP-2537) and P-256 (EIP-7951). */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fromHex } from '../../src/base/bytes.ts'
import { precompilesOf } from '../../src/chain/evm/precompiles.ts'
import { rulesOf } from '../../src/chain/ledger/fork-rules.ts'
import { skipVectors, vectorFiles, vectorJson } from './vectors.ts'

interface Case {
  readonly Name: string
  readonly Input: string
  readonly Expected?: string
  readonly ExpectedError?: string
  readonly Gas?: number
}

/** The address of what a file is about; a product is a sum with one term. */
const addresses: Readonly<Record<string, number>> = {
  ...{ add_G1_bls: 0x0b, mul_G1_bls: 0x0c, msm_G1_bls: 0x0c },
  ...{ add_G2_bls: 0x0d, mul_G2_bls: 0x0e, msm_G2_bls: 0x0e },
  ...{ pairing_check_bls: 0x0f, map_fp_to_G1_bls: 0x10, map_fp2_to_G2_bls: 0x11 },
  p256verify: 0x100,
}

const set = 'precompiles/vectors'
const bytesOf = (hex: string) => fromHex(`0x${hex}`)

describe('precompiles', { skip: skipVectors() }, () => {
  const precompiles = precompilesOf(rulesOf('osaka'))
  let count = 0

  async function runFile(file: string): Promise<void> {
    const name = file.replace(/^.*\/(fail-)?/, '').replace(/\.json$/, '')
    const address = addresses[name] ?? 0
    const precompile = precompiles.get(address)
    assert.ok(precompile, file)
    for (const { Name, Input, Expected, Gas } of await vectorJson<readonly Case[]>(set, file)) {
      const input = bytesOf(Input)
      const copy = input.toHex()
      const output = precompile.run(input)
      assert.equal(output?.toHex(), Expected?.toLowerCase(), `${file} ${Name}`)
      assert.equal(input.toHex(), copy, `${file} ${Name}: the input was changed`)
      // The vectors of P-256 have the price of an earlier draft.
      const gas = address === 0x100 ? 6_900 : Gas
      if (Expected !== undefined) assert.equal(precompile.gas(input), gas, `${file} ${Name}`)
      count += 1
    }
  }

  test('973 inputs have their outputs and prices, or fail', async () => {
    for (const file of await vectorFiles(set, '.')) await runFile(file)
    assert.equal(count, 973)
  })
})

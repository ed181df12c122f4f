/** Runs the samples of the public execution tests that belong to `npm test`. */

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { plainFile, skipVectors, vectorFiles, vectorText } from '../vectors.ts'
import type { Accounts } from './accounts.ts'
import { FileRunner } from './cases.ts'
import type { TestSet } from './sets.ts'

/** The accounts that packed tests leave out. */
export async function baseAccounts(): Promise<Accounts> {
  return JSON.parse(await readFile(plainFile('eest/base-accounts.json'), 'utf8')) as Accounts
}

/** Declares a test for each set, and one that shows that a wrong expectation is found. */
export function sampleTests(
  title: string,
  sets: readonly TestSet[],
  spoil: (test: Record<string, unknown>) => void,
): void {
  describe(title, { skip: skipVectors() }, () => {
    for (const { name, quick } of sets) {
      test(`${name}: one file in ${quick.everyNth}, and all tests in it pass`, async () => {
        const runner = new FileRunner(await baseAccounts())
        const files = (await vectorFiles(name, '.')).filter((_, at) => at % quick.everyNth === 0)
        let passed = 0
        const faults: string[] = []
        for (const file of files) {
          const result = await runner.run(await vectorText(name, file))
          passed += result.passed
          faults.push(...result.faults.map((fault) => `${file} ${fault}`))
        }
        assert.deepEqual(faults.slice(0, 20), [])
        assert.equal(passed, quick.cases)
      })
    }

    test('a wrong expectation is found', async () => {
      const runner = new FileRunner(await baseAccounts())
      const [name = ''] = sets.map((set) => set.name)
      const [file = ''] = await vectorFiles(name, '.')
      const tests = JSON.parse(await vectorText(name, file)) as Record<string, unknown>
      for (const one of Object.values(tests)) spoil(one as Record<string, unknown>)
      const { passed, faults } = await runner.run(JSON.stringify(tests))
      assert.equal(passed, 0)
      assert.ok(faults.length > 0)
    })
  })
}

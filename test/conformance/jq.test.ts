/** Runs jq 1.8.2's own tests, and counts what passed. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readBlocks } from './jq/blocks.ts'
import { judge } from './jq/judge.ts'
import { conformanceFiles, scoreFile } from './jq/score.ts'
import { plainFile, skipVectors } from './vectors.ts'

const counts: Readonly<Record<(typeof conformanceFiles)[number], number>> = {
  ...{ 'jq.test': 550, 'man.test': 231, 'onig.test': 47, 'uri.test': 20, 'manonig.test': 19 },
  ...{ 'base64.test': 10, 'optional.test': 2 },
}

describe("jq's own tests", { skip: skipVectors() }, () => {
  for (const file of conformanceFiles) {
    test(`${file}: ${counts[file]} of ${counts[file]} pass`, async () => {
      const { passed, failures } = await scoreFile(plainFile(`jq/${file}`))
      assert.deepEqual(failures, [])
      assert.equal(passed, counts[file])
    })
  }
})

test('a block fails when an output is wrong, missing or too many, and when what must not compile does', () => {
  const verdicts = (text: string) => readBlocks(text).map((block) => judge(block) === undefined)
  const good = '# comment\n.a\n{"a":1}\n1\n\n.[]\n[1,2]\n1\n2\n\n%%FAIL\n}\njq: error: any\n\n'
  assert.deepEqual(verdicts(good), [true, true, true])
  const bad = '.a\n{"a":1}\n2\n\n.[]\n[1,2]\n1\n\n.[]\n[1]\n1\n2\n\n%%FAIL\n.\n\n.a.b\n1\n3\n'
  assert.deepEqual(verdicts(bad), [false, false, false, false, false])
  assert.deepEqual(verdicts('.a, error\n{"a":1}\n1\n'), [true])
})

/** Checks that the project's own commands explain themselves, and refuse in one line what they do not know. */

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, test } from 'node:test'
import { root, startProgram } from './program.ts'

const manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
}
/** Programs of the scripts, but for those that are Node's own or the product's. */
const programs = Object.values(manifest.scripts).flatMap((script) => {
  const found = [...script.matchAll(/\bnode (?!src\/)(\S+\.ts)/g)]
  return found.map(([, file = '']) => file)
})
const words: Readonly<Record<string, readonly string[]>> = {
  'test/fuzz/fuzz.ts': ['--programs', 'x'],
  'bench/bench.ts': ['no-such-table'],
  'test/tools/run.ts': ['no-such-suite'],
  'test/crash/kill-chain.ts': ['-5'],
  'test/conformance/eest/run.ts': ['--threads', '0'],
}

describe('a command of the project', { concurrency: 2 }, () => {
  test('is known here', () => assert.ok(programs.length >= 11, programs.join()))

  const refuses = async (file: string, wrong: readonly string[]) => {
    const refused = startProgram(wrong, { entry: path.join(root, file) })
    assert.deepEqual(await refused.exited, [2, null], refused.output())
    assert.match(refused.output(), /^[^\n]+; --help tells more\n$/)
  }

  for (const file of [...new Set(programs), 'contracts/build-abi.ts']) {
    test(`${file} explains itself`, async () => {
      const help = startProgram(['--help'], { entry: path.join(root, file) })
      assert.deepEqual(await help.exited, [0, null])
      assert.match(help.output(), /^usage: /)
      await refuses(file, words[file] ?? ['no-such-word'])
    })
  }

  // All read their options by the same function.
  test('knows its options', () => refuses('contracts/build-abi.ts', ['--no-such-option']))

  test('that runs long shows how far it is, and goes on after Ctrl-C', async () => {
    const entry = path.join(root, 'test/simulation/simulate.ts')
    const program = startProgram(['--seeds', '1000000', '--workers', '1'], { entry })
    await program.printed(/^# \d+ passed, 0 failed so far$/m)
    program.child.kill('SIGINT')
    assert.deepEqual(await program.exited, [130, null], program.output())
    assert.match(program.output(), /^interrupted after .*: --seed \d+ --seeds \d+ goes on$/m)
  })
})

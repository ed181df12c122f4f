/** Tests that npx runs the checkout's own command at once. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'

test('what installing builds is not built again by npx, which prepares the checkout that it runs', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'npx-'))
  t.after(() => rm(folder, { recursive: true }))
  const own = JSON.parse(
    await readFile(path.join(import.meta.dirname, '../package.json'), 'utf8'),
  ) as { readonly scripts: Readonly<Record<string, string>> }
  const scripts = { prepare: own.scripts.prepare, 'build:checkout': 'echo > built' }
  const checkout = { name: 'hello', version: '1.0.0', bin: { hello: 'hello.js' }, scripts }
  await writeFile(path.join(folder, 'package.json'), JSON.stringify(checkout))
  const program = '#!/usr/bin/env node\nconsole.log("hello")\n'
  await writeFile(path.join(folder, 'hello.js'), program, { mode: 0o755 })
  const run = (...[command = '', ...words]: string[]) =>
    spawnSync(command, ['--offline', '--cache', path.join(folder, 'cache'), ...words], {
      ...{ cwd: folder, encoding: 'utf8' },
      env: { ...process.env, npm_command: undefined },
    })
  const { stdout, stderr } = run('npx', 'hello')
  assert.equal(stdout, 'hello\n', stderr)
  assert.ok(!existsSync(path.join(folder, 'built')))
  run('npm', 'install')
  assert.ok(existsSync(path.join(folder, 'built')))
})

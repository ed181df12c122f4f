/** Packs the project, installs it elsewhere, and uses its command and its import. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { root, temporaryFolder } from '../program.ts'

function run(cwd: string, program: string, ...words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, words, {
    ...{ cwd, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
    env: { ...process.env, NO_COLOR: '1' },
  })
  assert.equal(status, 0, `${program} ${words.join(' ')}\n${stdout}\n${stderr}`)
  return stdout
}

/** The machine's own Node, where it is older than the project's. */
function olderNode(): string | undefined {
  const folders = (process.env.PATH ?? '').split(path.delimiter)
  const programs = folders
    .filter((folder) => !folder.includes('node_modules'))
    .map((folder) => path.join(folder, 'node'))
  const found = programs.find((program) => existsSync(program))
  if (found === undefined) return undefined
  const { stdout } = spawnSync(found, ['--version'], { encoding: 'utf8' })
  return Number(/^v(\d+)/.exec(stdout)?.[1] ?? 26) < 26 ? found : undefined
}

test('the packed package gives the command and the import elsewhere', {
  timeout: 300_000,
}, async (t) => {
  const folder = await temporaryFolder(t)
  await rm(path.join(root, 'dist'), { recursive: true, force: true })
  run(root, 'npm', 'pack', '--pack-destination', folder)
  const [tarball = ''] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'))
  await writeFile(path.join(folder, 'package.json'), '{"private": true, "type": "module"}')
  run(folder, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', `./${tarball}`)

  const installed = path.join(folder, 'node_modules/quantumstream')
  for (const file of [
    ...['dist/node/library.js', 'dist/node/library.d.ts', 'dist/rpc/transaction-proof.js'],
    ...['dist/rpc/finality-proof.js', 'dist/rpc/finality-proof.d.ts'],
    ...['dist/rpc/transaction-proof.d.ts', 'ui/dist/index.html'],
  ]) {
    assert.ok(existsSync(path.join(installed, file)), `${file} is missing`)
  }
  assert.ok(!existsSync(path.join(installed, 'src')), 'sources are packed')

  const command = path.join(folder, 'node_modules/.bin/quantumstream')
  assert.match(run(folder, command, '--help'), /start +Runs a node/)
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'))
  assert.equal(run(folder, command, '--version').trim(), version)
  const demo = JSON.parse(run(folder, command, 'demo', '--json')) as { ok: boolean }
  assert.equal(demo.ok, true)

  await writeFile(
    path.join(folder, 'use.js'),
    `import { connectChain, startNode } from 'quantumstream'
import { depositVaultAbi } from 'quantumstream/abi/deposit-vault'
import { verifyTransactionProof } from 'quantumstream/proof'
import { verifyFinality } from 'quantumstream/finality'
const node = await startNode({ dev: true, demo: false, data: './data', rpcPort: 0, apiPort: 0 })
const { status } = await (await fetch(node.apiUrl + '/healthz')).json()
const chain = node.apiUrl + '/v1/chains/dev'
const headers = { 'content-type': 'application/json' }
await fetch(chain + '/inject', { method: 'POST', headers, body: '"proven"' })
await fetch(chain + '/leap', { method: 'POST' })
const { items } = await (await fetch(chain + '/inject')).json()
const { proof, blockHash } = await (await fetch(chain + '/inject/' + items[0].id)).json()
const { data } = verifyTransactionProof(proof, blockHash)
const { chainId } = await connectChain({ endpoint: node.rpcUrl })
await node.stop()
console.log(status, chainId, depositVaultAbi.some(({ name }) => name === 'Deposited'))
console.log(new TextDecoder().decode(data.content), typeof verifyFinality)
`,
  )
  assert.equal(run(folder, process.execPath, 'use.js').trim(), 'ok 20250 true\n"proven" function')
  const older = olderNode()
  if (older === undefined) return
  const { status, stderr } = spawnSync(older, ['use.js'], { cwd: folder, encoding: 'utf8' })
  assert.equal(status, 1)
  assert.match(stderr, /needs Node 26: run the program by node_modules\/\.bin\/node/)
})

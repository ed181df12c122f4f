/** Runs the public JSON-RPC cases, or those of another folder, and prints how they went: `--cases DIR`, `--url URL`. */

import { readOptions } from '../../tools/command-options.ts'
import { startImported } from './imported-chain.ts'
import { reportOf, runCases } from './rpc-cases.ts'
import { vectorSet } from './vectors.ts'

const usage = `usage: npm run test:rpc -- [--cases DIR] [--url URL]
  --cases DIR  a set in the layout of execution-apis' tests, with genesis.json and chain.rlp; default: the public one
  --url URL    a node that has imported that chain; default: one that is started for it`

const { values } = readOptions(usage, {
  options: { cases: { type: 'string' }, url: { type: 'string' } },
})
const folder = values.cases ?? (await vectorSet('execution-apis'))
const node = values.url === undefined ? await startImported(folder) : undefined
try {
  const score = await runCases(folder, values.url ?? node?.url ?? '')
  for (const line of reportOf(score)) process.stdout.write(`${line}\n`)
  process.exitCode = score.failures.length === 0 ? 0 : 1
} finally {
  await node?.stop()
}

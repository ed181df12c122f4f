/** Runs the public JSON-RPC cases, or those of another folder, and prints how they went: `--cases DIR`, `--url URL`. */

import { parseArgs } from 'node:util'
import { startImported } from './imported-chain.ts'
import { reportOf, runCases } from './rpc-cases.ts'
import { vectorSet } from './vectors.ts'

const { values } = parseArgs({
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

/** Prints the tables of docs/performance.md: `npm run bench -- loops transfers precompiles --runs 5`. */

import { knownName, readOptions, wholeNumber } from '../tools/command-options.ts'
import { accountsTable } from './accounts.ts'
import { chainsTable } from './chains.ts'
import { commitTable } from './commit.ts'
import { loopTable, transferTable } from './evm.ts'
import { firstStepTable } from './first-step.ts'
import { firstVoteTable } from './first-vote.ts'
import { httpTable } from './http.ts'
import { instancesTable } from './instances.ts'
import { intakeTable } from './intake.ts'
import { interpreterTable } from './interpreter.ts'
import { joinTable } from './joining.ts'
import { jqTable } from './jq.ts'
import { logTable } from './logs.ts'
import { validatorsTable } from './many-validators.ts'
import { machineText } from './measure.ts'
import { miningTable } from './mining.ts'
import { networkTable } from './network.ts'
import { precompileTable } from './precompiles.ts'
import { startTable } from './starts.ts'
import { trieTable } from './state.ts'
import { storeTable } from './store.ts'
import { goneTable, loadTable } from './validator-load.ts'
import { workersTable } from './workers.ts'

const tables: Readonly<Record<string, (runs: number) => Promise<string>>> = {
  transfers: transferTable,
  loops: loopTable,
  precompiles: precompileTable,
  trie: trieTable,
  accounts: accountsTable,
  start: startTable,
  logs: logTable,
  network: networkTable,
  mining: miningTable,
  chains: chainsTable,
  join: joinTable,
  validators: validatorsTable,
  commit: commitTable,
  load: loadTable,
  gone: goneTable,
  'first-vote': firstVoteTable,
  jq: jqTable,
  store: storeTable,
  http: httpTable,
  interpreter: interpreterTable,
  intake: intakeTable,
  'first-step': firstStepTable,
  workers: workersTable,
  instances: instancesTable,
}

const usage = `usage: npm run bench -- [TABLE…] [--runs N]
  TABLE     ${Object.keys(tables).join(', ')}; all by default
  --runs N  how often each is measured, default 5`

const { values, positionals } = readOptions(usage, {
  options: { runs: { type: 'string', default: '5' } },
  words: true,
})
const runs = wholeNumber(values.runs, '--runs', 1)
const wanted = positionals.length > 0 ? positionals : Object.keys(tables)
for (const name of wanted) knownName(name, Object.keys(tables))
console.log(`${machineText()}\n`)
for (const name of wanted) {
  console.log(`## ${name}\n\n${await tables[name]?.(runs)}\n`)
}
console.log(machineText())

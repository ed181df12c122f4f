/** Prints the tables of docs/performance.md: `npm run bench -- loops transfers precompiles --runs 5`. */

import { parseArgs } from 'node:util'
import { loopTable, transferTable } from './evm.ts'
import { machineText } from './measure.ts'
import { precompileTable } from './precompiles.ts'
import { startTable, trieTable } from './state.ts'

const tables: Readonly<Record<string, (runs: number) => Promise<string>>> = {
  transfers: transferTable,
  loops: loopTable,
  precompiles: precompileTable,
  trie: trieTable,
  start: startTable,
}

const { values, positionals } = parseArgs({
  options: { runs: { type: 'string', default: '5' } },
  allowPositionals: true,
})
const wanted = positionals.length > 0 ? positionals : Object.keys(tables)
console.log(`${machineText()}\n`)
for (const name of wanted) {
  const make = tables[name]
  if (!make)
    throw new Error(`no table is named ${name}; there are ${Object.keys(tables).join(', ')}`)
  console.log(`## ${name}\n\n${await make(Number(values.runs))}\n`)
}
console.log(machineText())

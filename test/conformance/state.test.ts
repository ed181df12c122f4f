/** Runs a sample of the public state tests of every fork; `npm run test:evm` runs them all. */

import { sampleTests } from './eest/sample.ts'
import { stateSets } from './eest/sets.ts'

sampleTests('state tests', stateSets, (test) => {
  const results = Object.values(test.post as Record<string, { hash: string }[]>).flat()
  for (const result of results) result.hash = `0x${'11'.repeat(32)}`
})

/** Replays the Tendermint traces of the vectors, or of any folder in their layout, and prints how they went. */

import path from 'node:path'
import { giveUp, readOptions } from '../../../tools/command-options.ts'
import { plainFile } from '../vectors.ts'
import { replayFolder } from './replay.ts'

const usage = `usage: npm run test:consensus -- [--traces DIR]
  --traces DIR  a folder with the folders core, votes and driver of traces; default: the public one`

const { values } = readOptions(usage, { options: { traces: { type: 'string' } } })
const folder = path.resolve(values.traces ?? plainFile('tendermint-traces'))
try {
  const scores = await replayFolder(folder)
  let [passed, failed] = [0, 0]
  for (const { kind, whole, upToMark, ambiguous, compared, leftOut, failures } of scores) {
    const traces = `${whole} traces whole, ${upToMark} up to their mark, ${ambiguous} ambiguous`
    process.stdout.write(`${kind}: ${traces}; ${compared} records compared, ${leftOut} left out\n`)
    for (const failure of failures) process.stdout.write(`  ${failure}\n`)
    passed += whole + upToMark
    failed += failures.length
  }
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1
} catch (error) {
  giveUp(error)
}

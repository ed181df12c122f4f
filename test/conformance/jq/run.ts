/** Runs a file in jq's test form, or all of jq 1.8.2's own, and prints how they went. */

import path from 'node:path'
import { giveUp, readOptions } from '../../../tools/command-options.ts'
import { plainFile } from '../vectors.ts'
import { conformanceFiles, scoreFile } from './score.ts'

const usage = `usage: npm run test:jq -- [--file FILE]
  --file FILE  a file of blocks: a program, an input, its outputs, each a line, an empty line between blocks;
               %%FAIL stands before a program that must not compile; default: the files of jq's own tests`

const { values } = readOptions(usage, { options: { file: { type: 'string' } } })
const files =
  values.file === undefined
    ? conformanceFiles.map((name) => plainFile(`jq/${name}`))
    : [path.resolve(values.file)]
try {
  let [passed, failed] = [0, 0]
  for (const file of files) {
    const score = await scoreFile(file)
    for (const failure of score.failures) process.stdout.write(`  ${failure}\n`)
    if (files.length > 1) {
      process.stdout.write(
        `${score.file}: ${score.passed} passed, ${score.failures.length} failed\n`,
      )
    }
    passed += score.passed
    failed += score.failures.length
  }
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1
} catch (error) {
  giveUp(error)
}

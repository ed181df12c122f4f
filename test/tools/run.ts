/** Runs other people's tools against nodes of this checkout, and prints for each what passed and what failed. */

import { tmpdir } from 'node:os'
import path from 'node:path'
import { knownName, readOptions } from '../../tools/command-options.ts'
import { deployment } from './deployment.ts'
import { ethersMethods } from './ethers-methods.ts'
import { metamaskDapp } from './metamask-dapp.ts'
import { openZeppelin } from './openzeppelin.ts'
import { say } from './tally.ts'
import type { ToolSuite } from './tool-suite.ts'
import { viemActions } from './viem-actions.ts'

const suites: Readonly<Record<string, ToolSuite>> = {
  viem: viemActions,
  ethers: ethersMethods,
  deployment,
  metamask: metamaskDapp,
  openzeppelin: openZeppelin,
}

const usage = `usage: npm run test:tools -- [SUITE…] [--cache DIR] [--openzeppelin DIR] [--tests FILE…]
  SUITE               ${Object.keys(suites).join(', ')}; all by default
  --cache DIR         where the tools are installed and kept; default: a folder of the temporary one
  --openzeppelin DIR  a checkout of OpenZeppelin's contracts; default: one that is cloned into the cache
  --tests FILE        a file of its tests, may be given often; default: all, some 10 minutes, and once 7 to compile`

const { values, positionals } = readOptions(usage, {
  words: true,
  options: {
    cache: { type: 'string', default: path.join(tmpdir(), 'quantumstream-tools') },
    openzeppelin: { type: 'string' },
    tests: { type: 'string', multiple: true, default: [] },
  },
})
for (const name of positionals) knownName(name, Object.keys(suites))
const { cache, openzeppelin, tests } = values
const site = { cache: path.resolve(cache), openZeppelin: openzeppelin, tests }
let isRed = false
for (const name of positionals.length > 0 ? positionals : Object.keys(suites)) {
  try {
    const outcome = await suites[name]?.(site)
    if (outcome === undefined) continue
    if ('lacking' in outcome) {
      say(`${name}: left out, ${outcome.lacking}`)
      isRed ||= process.env.CI === 'true'
      continue
    }
    say(`${name}: ${outcome.passed} passed, ${outcome.failed} failed`)
    isRed ||= outcome.failed > 0 || outcome.passed === 0
  } catch (error) {
    say(`${name}: could not run\n${error instanceof Error ? error.stack : error}`)
    isRed = true
  }
}
process.exit(isRed ? 1 : 0)

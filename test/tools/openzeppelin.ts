/** Runs the tests of OpenZeppelin's contracts with our node as Hardhat's external network. */

import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { say } from './tally.ts'
import { runTool } from './tool-cache.ts'
import { startToolNode } from './tool-node.ts'
import type { ToolSuite } from './tool-suite.ts'

const version = '5.7.0'
const compiler = '0.8.35'
const repository = 'https://github.com/OpenZeppelin/openzeppelin-contracts.git'
const configFile = 'hardhat.quantumstream.config.js'

/** The project's own configuration, with our node beside Hardhat's and the compiler of an installed package. */
const config = `
const { extendProvider, subtask } = require('hardhat/config')
const { ProviderWrapper } = require('hardhat/plugins')
const { TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD } = require('hardhat/builtin-tasks/task-names')
const config = require('./hardhat.config.js')
subtask(TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD, async ({ solcVersion }) => ({
  compilerPath: require.resolve('solc/soljson.js'),
  isSolcJs: true,
  version: solcVersion,
  longVersion: require('solc').version().replace('.Emscripten.clang', ''),
}))
// Hardhat's helpers ask a node for its name before they use its development methods, and its matchers want a failed
// transaction to be told where it is sent, as Hardhat's own node does.
class AsHardhat extends ProviderWrapper {
  async request(call) {
    const answer = await this._wrappedProvider.request(call)
    if (call.method === 'web3_clientVersion') return 'HardhatNetwork, as ' + answer
    if (/^eth_send(Raw)?Transaction$/.test(call.method)) await this.tellFailure(answer)
    return answer
  }
  async tellFailure(hash) {
    const ask = (method, params) => this._wrappedProvider.request({ method, params })
    const receipt = await ask('eth_getTransactionReceipt', [hash])
    if (receipt?.status !== '0x0') return
    const options = { tracer: 'callTracer', tracerConfig: { onlyTopCall: true } }
    const { error, revertReason, output } = await ask('debug_traceTransaction', [hash, options])
    const text = [error, revertReason].filter(Boolean).join(': ')
    throw Object.assign(new Error(text), { data: output ?? '0x' })
  }
}
extendProvider(async (provider) => new AsHardhat(provider))
// The node signs for its accounts, and for those that a test impersonates. A transaction that names no gas gets what
// Hardhat's own node gives it: what the tests send at once is not estimated one behind the other. Only of a network of
// this name do Hardhat's signers ask how much.
config.networks.localhost = { url: process.env.TOOL_URL, gas: 2 ** 24, timeout: 120000 }
config.mocha = { ...config.mocha, timeout: 120000 }
module.exports = config
`

export const openZeppelin: ToolSuite = async ({ cache, openZeppelin: given, tests }) => {
  const folder = given ?? path.join(cache, `openzeppelin-contracts-${version}`)
  const lacking = await prepare(folder)
  if (lacking !== undefined) return { lacking }
  const node = await startToolNode({ unlimitedCode: true })
  try {
    const words = ['hardhat', '--config', configFile, '--network', 'localhost', 'test']
    const { output } = await runTool(['npx', ...words, ...tests], {
      cwd: folder,
      // As much memory as the project's own script asks for.
      env: { TOOL_URL: node.url, FORCE_COLOR: '0', NODE_OPTIONS: '--max-old-space-size=8192' },
    })
    await writeFile(path.join(folder, 'quantumstream.log'), output)
    const count = (what: string) =>
      Number(new RegExp(`^\\s+(\\d+) ${what}`, 'm').exec(output)?.[1] ?? 0)
    const tally = { passed: count('passing'), failed: count('failing') }
    if (tally.failed > 0) say(output.slice(output.search(/^\s+\d+ failing/m)).slice(0, 20_000))
    if (tally.passed === 0) throw new Error(`no test ran:\n${output.slice(-4_000)}`)
    return tally
  } finally {
    await node.stop()
  }
}

/** Checks out and installs the project; gives a sentence about what cannot be had. */
async function prepare(folder: string): Promise<string | undefined> {
  if (!existsSync(path.join(folder, 'hardhat.config.js'))) {
    const words = ['clone', '--quiet', '--depth', '1', '--branch', `v${version}`]
    const { code } = await runTool(['git', ...words, repository, folder], { cwd: '.' })
    if (code !== 0) {
      return `OpenZeppelin's repository cannot be cloned here; name a checkout of v${version} by --openzeppelin DIR`
    }
  }
  await writeFile(path.join(folder, configFile), config)
  if (existsSync(path.join(folder, 'node_modules/solc/soljson.js'))) return undefined
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund']
  for (const words of [['ci'], ['install', '--no-save', `solc@${compiler}`]]) {
    const { code, output } = await runTool(['npm', ...words, ...flags], { cwd: folder })
    if (code !== 0) throw new Error(`npm ${words.join(' ')} failed:\n${output}`)
  }
  return undefined
}

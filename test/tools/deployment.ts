/** Deploys a proxied token by a Hardhat script on our node as external network, as projects do. */

import { cp, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { root } from '../e2e/program.ts'
import { Checks } from './tally.ts'
import { installed, runTool } from './tool-cache.ts'
import { chainId, startToolNode, words } from './tool-node.ts'
import type { ToolSuite } from './tool-suite.ts'

const packages = ['hardhat@3.17.0', '@openzeppelin/contracts@5.7.0', 'solc@0.8.37', 'viem@2.57.20']

const config = `
import { fileURLToPath } from 'node:url'
export default {
  solidity: { version: '0.8.37', path: fileURLToPath(import.meta.resolve('solc/soljson.js')) },
  networks: {
    own: {
      type: 'http', url: process.env.TOOL_URL, chainId: ${chainId},
      accounts: { mnemonic: '${words}' },
    },
  },
}
`

const contract = `
// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
contract Sample is ERC20 {
    constructor() ERC20("Sample", "SMP") {}
    function fill(address to) external { _mint(to, 1000 ether); }
}
contract SampleProxy is ERC1967Proxy {
    constructor(address logic, bytes memory data) ERC1967Proxy(logic, data) {}
}
`

const script = `
import { network, artifacts } from 'hardhat'
import { createPublicClient, createWalletClient, custom, encodeFunctionData, defineChain } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
const { provider } = await network.create('own')
const chain = defineChain({ id: ${chainId}, name: 'own', nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 }, rpcUrls: { default: { http: [] } } })
const transport = custom(provider)
const reader = createPublicClient({ chain, transport, pollingInterval: 50 })
const account = mnemonicToAccount('${words}')
const writer = createWalletClient({ chain, transport, account })
const deploy = async (name, args) => {
  const { abi, bytecode } = await artifacts.readArtifact(name)
  const hash = await writer.deployContract({ abi, bytecode, args })
  const { contractAddress, status } = await reader.waitForTransactionReceipt({ hash })
  console.log('deployed', name, status)
  return { address: contractAddress, abi }
}
const logic = await deploy('Sample', [])
const data = encodeFunctionData({ abi: logic.abi, functionName: 'fill', args: [account.address] })
const proxy = await deploy('SampleProxy', [logic.address, data])
const read = (functionName, args = []) => reader.readContract({ abi: logic.abi, address: proxy.address, functionName, args })
console.log('balance', await read('balanceOf', [account.address]))
const hash = await writer.writeContract({ abi: logic.abi, address: proxy.address, functionName: 'transfer', args: ['0x000000000000000000000000000000000000dEaD', 7n] })
console.log('transfer', (await reader.waitForTransactionReceipt({ hash })).status)
console.log('rest', await read('balanceOf', [account.address]))
process.exit(0)
`

/** What the script must print, line by line. */
const expected = [
  ...['deployed Sample success', 'deployed SampleProxy success'],
  ...['balance 1000000000000000000000n', 'transfer success', 'rest 999999999999999999993n'],
]

export const deployment: ToolSuite = async ({ cache }) => {
  const folder = await installed(cache, packages)
  await mkdir(path.join(folder, 'contracts'), { recursive: true })
  await mkdir(path.join(folder, 'scripts'), { recursive: true })
  await writeFile(path.join(folder, 'hardhat.config.js'), config)
  await writeFile(path.join(folder, 'contracts/Sample.sol'), contract)
  await writeFile(path.join(folder, 'scripts/deploy.js'), script)
  await cp(path.join(root, 'LICENSE'), path.join(folder, 'LICENSE'))
  const node = await startToolNode()
  try {
    const env = { TOOL_URL: node.url, HARDHAT_DISABLE_TELEMETRY_PROMPT: 'true' }
    const hardhat = path.join(folder, 'node_modules/hardhat/dist/src/cli.js')
    const { output } = await runTool([process.execPath, hardhat, 'run', 'scripts/deploy.js'], {
      cwd: folder,
      env,
    })
    const checks = new Checks('deployment')
    for (const line of expected) {
      await checks.check(line, async () => {
        if (!output.includes(line)) throw new Error(`the script did not print it:\n${output}`)
      })
    }
    return checks.tally()
  } finally {
    await node.stop()
  }
}

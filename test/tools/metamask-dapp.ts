/** Uses MetaMask's test dapp in Chromium, with a provider in the page that hands its requests to our node. */

import assert from 'node:assert/strict'
import { createReadStream, existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { chromium as driver, type Page } from 'playwright-core'
import { chromium } from '../e2e/lacking.ts'
import { Checks } from './tally.ts'
import { installed } from './tool-cache.ts'
import { startToolNode } from './tool-node.ts'
import type { ToolSuite } from './tool-suite.ts'

/** What a button does: the element that tells, and what it must say in the end. */
type Press = readonly [button: string, told: string, expected: RegExp]

const presses: readonly Press[] = [
  ['connectButton', 'accounts', /0x[0-9a-f]{40}/i],
  ['getAccounts', 'getAccountsResult', /0x[0-9a-f]{40}/i],
  ['personalSign', 'personalSignResult', /^0x[0-9a-f]{130}$/],
  ['personalSignVerify', 'personalSignVerifySigUtilResult', /^0x[0-9a-f]{40}$/i],
  ['personalSignVerify', 'personalSignVerifyECRecoverResult', /^0x[0-9a-f]{40}$/i],
  ['signTypedDataV3', 'signTypedDataV3Result', /^0x[0-9a-f]{130}$/],
  ['signTypedDataV3Verify', 'signTypedDataV3VerifyResult', /^0x[0-9a-f]{40}$/i],
  ['signTypedDataV4', 'signTypedDataV4Result', /^0x[0-9a-f]{130}$/],
  ['signTypedDataV4Verify', 'signTypedDataV4VerifyResult', /^0x[0-9a-f]{40}$/i],
  ['signPermit', 'signPermitResult', /^0x[0-9a-f]{130}$/],
  ['signPermitVerify', 'signPermitVerifyResult', /^0x[0-9a-f]{40}$/i],
  ['deployButton', 'contractStatus', /^Deployed/],
  ['depositButton', 'contractStatus', /^Deposit completed/],
  ['withdrawButton', 'contractStatus', /^Withdrawn/],
  ['deployFailingButton', 'failingContractStatus', /^Deployed/],
  ['sendFailingButton', 'failingContractStatus', /completed as expected/],
  ['deployMultisigButton', 'multisigContractStatus', /^Deployed/],
  ['createToken', 'erc20TokenAddresses', /0x[0-9a-f]{40}/i],
  ['deployNFTsButton', 'nftsStatus', /^Deployed/],
  ['mintButton', 'nftsStatus', /^Mint completed/],
  ['approveButton', 'nftsStatus', /^Approve completed/],
  ['setApprovalForAllButton', 'nftsStatus', /^Set Approval For All completed/],
  ['revokeButton', 'nftsStatus', /^Revoke completed/],
  ['deployERC1155Button', 'erc1155Status', /^Deployed/],
  ['batchMintButton', 'erc1155Status', /^Batch Minting completed/],
  ['setApprovalForAllERC1155Button', 'erc1155Status', /^Set Approval For All completed/],
]

/** Buttons whose effect is a transaction and no text. */
const senders = [
  ...[
    'sendButton',
    'sendEIP1559Button',
    'transferTokens',
    'approveTokens',
    'increaseTokenAllowance',
  ],
  ...['transferTokensWithoutGas', 'approveTokensWithoutGas'],
]

export const metamaskDapp: ToolSuite = async ({ cache }) => {
  if (chromium === undefined) return { lacking: 'there is no Chromium; name one by QS_CHROMIUM' }
  const folder = await installed(cache, ['@metamask/test-dapp@9.9.0'])
  const pages = await serve(path.join(folder, 'node_modules/@metamask/test-dapp/dist'))
  const node = await startToolNode()
  const browser = await driver.launch({
    executablePath: chromium,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  })
  try {
    const page = await browser.newPage()
    const sent = await connect(page, node.url)
    await page.goto(pages.url)
    const checks = new Checks('metamask')
    for (const [button, told, expected] of presses) {
      await checks.check(`${button} tells in ${told}`, () =>
        press(page, button, { told, expected }),
      )
    }
    for (const button of senders) {
      await checks.check(`${button} sends a transaction`, async () => {
        const before = sent.length
        await page.click(`#${button}`, { timeout: 10_000 })
        for (let at = 0; sent.length === before; at += 1) {
          assert.ok(at < 100, 'no transaction was sent')
          await page.waitForTimeout(100)
        }
        const receipt = await ask(node.url, 'eth_getTransactionReceipt', [sent.at(-1)])
        assert.equal((receipt.result as { status?: string } | null)?.status, '0x1')
      })
    }
    return checks.tally()
  } finally {
    await browser.close()
    await node.stop()
    pages.close()
  }
}

async function press(
  page: Page,
  button: string,
  { told, expected }: { told: string; expected: RegExp },
): Promise<void> {
  await page.click(`#${button}`, { timeout: 10_000 })
  let text = ''
  for (let at = 0; at < 200; at += 1) {
    text = (await page.textContent(`#${told}`))?.trim() ?? ''
    if (expected.test(text)) return
    await page.waitForTimeout(100)
  }
  assert.fail(`${told} says ${JSON.stringify(text)}, not ${expected}`)
}

interface Answer {
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string }
}

async function ask(url: string, method: string, params: unknown): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  return response.json() as Promise<Answer>
}

/** Puts a provider (EIP-1193) into the page; gives the hashes of what it sends. */
async function connect(page: Page, url: string): Promise<string[]> {
  const sent: string[] = []
  await page.exposeFunction('askNode', async (method: string, params: unknown) => {
    const answer = await ask(url, method, params)
    if (method === 'eth_sendTransaction' && answer.result) sent.push(String(answer.result))
    return answer
  })
  await page.addInitScript(provider)
  return sent
}

/** Runs in the page: what a wallet program does itself is done here, all else the node is asked. */
function provider(): void {
  const page = globalThis as unknown as {
    askNode(method: string, params: unknown): Promise<Answer>
    ethereum: object
    addEventListener(name: string, listener: () => void): void
    dispatchEvent(event: Event): void
  }
  const asWallet: Record<string, string> = {
    eth_requestAccounts: 'eth_accounts',
    eth_signTypedData_v3: 'eth_signTypedData_v4',
  }
  const permissions = [{ parentCapability: 'eth_accounts', caveats: [] }]
  const listeners: Record<string, ((value: unknown) => void)[]> = {}
  let isConnected = false
  /** Pages say `gasLimit`, which wallets take for what a node calls `gas`. */
  const withGas = (method: string, params: unknown) => {
    const [first] = Array.isArray(params) ? params : []
    if (method !== 'eth_sendTransaction' || !first?.gasLimit) return params
    const { gasLimit: gas, ...rest } = first
    return [{ gas, ...rest }]
  }
  const ethereum = {
    isMetaMask: true,
    chainId: '0x7a69',
    on(event: string, listener: (value: unknown) => void) {
      listeners[event] = [...(listeners[event] ?? []), listener]
      return ethereum
    },
    removeListener: () => ethereum,
    isConnected: () => isConnected,
    async request({ method, params = [] }: { method: string; params?: unknown }) {
      if (/^wallet_(request|get)Permissions$/.test(method)) return permissions
      if (method === 'eth_requestAccounts') isConnected = true
      if (method === 'eth_accounts' && !isConnected) return []
      const { result, error } = await page.askNode(
        asWallet[method] ?? method,
        withGas(method, params),
      )
      if (error) throw Object.assign(new Error(error.message), error)
      if (method === 'eth_requestAccounts')
        for (const one of listeners.accountsChanged ?? []) one(result)
      return result
    },
  }
  page.ethereum = ethereum
  // How pages find wallets (EIP-6963).
  const info = {
    uuid: 'b6e4f1a0-0000-4000-8000-000000000001',
    name: 'Node',
    icon: 'data:,',
    rdns: 'node.test',
  }
  page.addEventListener('eip6963:requestProvider', () => {
    const detail = Object.freeze({ info, provider: ethereum })
    page.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
  })
}

/** Serves a folder of plain files. */
async function serve(folder: string): Promise<{ readonly url: string; close(): void }> {
  const kinds: Record<string, string> = {
    ...{ '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' },
    ...{ '.svg': 'image/svg+xml', '.json': 'application/json' },
  }
  const server = createServer((request, response) => {
    const name = new URL(request.url ?? '/', 'http://localhost').pathname.slice(1) || 'index.html'
    const file = path.join(folder, path.basename(name))
    if (!existsSync(file)) return void response.writeHead(404).end()
    response.writeHead(200, { 'content-type': kinds[path.extname(file)] ?? 'text/plain' })
    createReadStream(file).pipe(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() }
}

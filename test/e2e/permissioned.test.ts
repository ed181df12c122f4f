/** Lets a list on the chain say who may link with its validator, and looks at links, votes and measures meanwhile. */

import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { createPublicClient, createWalletClient, getContractAddress, http } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { nodeListAbi as abi, nodeListCreationCode } from '../../src/abi/node-list.gen.ts'
import { freePort } from '../../src/base/test-ports.ts'
import { manifestToJson } from '../../src/chain/ledger/manifest-codec.ts'
import { nodeIdentity } from '../../src/network/node-identity.ts'
import { testWords } from '../../src/node/dev-accounts.ts'
import { createKeyFile, openKeyFile } from '../../src/node/key-files.ts'
import { foundersOf, testnetManifest } from '../../tools/testnet-manifest.ts'
import { callRpc, eventually, startProgram, temporaryFolder } from './program.ts'

interface LinkedPeer {
  readonly id: string
  readonly validator: string | null
  readonly height: string | null
  readonly link: { readonly received: { readonly bytes: number } }
}

const owner = mnemonicToAccount(testWords, { addressIndex: 5 })
const contract = getContractAddress({ from: owner.address, nonce: 0n })

test('a node links with a permissioned validator as long as the contract lists it', {
  timeout: 240_000,
}, async (t) => {
  const folder = await temporaryFolder(t)
  const at = (name: string) => path.join(folder, name)
  await writeFile(at('password'), 'a long password')
  await createKeyFile(at('key'), 'a long password')
  const founders = foundersOf('ed25519', [await openKeyFile(at('key'), 'a long password')])
  const born = Math.floor(Date.now() / 1_000)
  await writeFile(at('manifest.json'), manifestToJson(testnetManifest('bft', founders, born)))
  const seed = new Uint8Array(32).fill(3)
  const id = nodeIdentity('ed25519', seed).id
  await mkdir(at('follower'))
  await writeFile(at('follower/node.key'), seed.toHex())
  const port = await freePort()
  const start = async (name: string, ...words: string[]) => {
    const program = startProgram([
      ...['start', '--genesis', at('manifest.json'), '--data', at(name), ...words],
      ...['--rpc-port', '0', '--api-port', '0', '--peers-host', '127.0.0.1'],
    ])
    t.after(async () => void program.child.kill('SIGKILL'))
    const [, api = ''] = await program.printed(/API +(\S+)\/v1/)
    const [, url = ''] = await program.printed(/JSON-RPC +(\S+) /)
    return { url, api }
  }
  const validator = await start(
    'validator',
    ...['--validator-key-file', at('key'), '--validator-password-file', at('password')],
    ...['--peers-port', String(port), '--peers-allowed', 'validators'],
    ...['--peers-contract', contract],
  )
  const follower = await start('follower', '--peers', `127.0.0.1:${port}`)
  const peersOf = ({ url }: { readonly url: string }) => callRpc<LinkedPeer[]>(url, 'qs_peers')
  const transport = http(validator.url)
  const wallet = createWalletClient({ account: owner, transport })
  const reader = createPublicClient({ transport, pollingInterval: 100 })
  const mined = async (hash: `0x${string}`) => {
    assert.equal((await reader.waitForTransactionReceipt({ hash })).status, 'success')
  }
  await mined(
    await wallet.deployContract({ chain: null, abi, bytecode: nodeListCreationCode, args: [[]] }),
  )
  assert.deepEqual(await peersOf(follower), [])
  const change = async (functionName: 'add' | 'remove') => {
    const call = { abi, address: contract, functionName, args: [`0x${id}`] } as const
    await mined(await wallet.writeContract({ chain: null, ...call }))
  }
  await change('add')
  const heightOf = async () => Number(await callRpc(follower.url, 'eth_blockNumber'))
  await eventually(async () => ((await heightOf()) >= 2 ? true : undefined), 60_000)

  const [peer] = await peersOf(follower)
  const voting = await callRpc<{
    readonly voting: { readonly self: string; readonly validators: { readonly address: string }[] }
  }>(validator.url, 'qs_consensus')
  const [member] = voting.voting.validators
  assert.equal(voting.voting.self, member?.address)
  assert.equal(peer?.validator, member?.address)
  assert.ok(peer?.link.received.bytes)
  assert.equal((await peersOf(validator))[0]?.id, id)
  const measures = await (await fetch(`${validator.api}/metrics`)).text()
  for (const line of [
    `quantumstream_network_peer_bytes_total\\{peer="${id.slice(0, 16)}",direction="in"\\} [1-9]`,
    'quantumstream_consensus_rounds_count\\{chain="testnet"\\} [1-9]',
    'quantumstream_consensus_commit_seconds_count\\{chain="testnet"\\} [1-9]',
    'quantumstream_chain_finalized\\{chain="testnet"\\} [1-9]',
  ]) {
    assert.match(measures, new RegExp(line))
  }

  await change('remove')
  await eventually(async () => ((await peersOf(validator)).length === 0 ? true : undefined))
  const stopped = await heightOf()
  await eventually(async () =>
    Number(await callRpc(validator.url, 'eth_blockNumber')) > stopped + 2 ? true : undefined,
  )
  assert.equal(await heightOf(), stopped)
})

/** Changes the validators of a chain while its processes run: one comes, one goes, one signs by another key, none is restarted. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toHex } from '../../../src/base/bytes.ts'
import { registryCalls, registryTransaction } from '../../../src/chain/test-chain/registry-calls.ts'
import { keyAddress, type SigningKey } from '../../../src/crypto/signatures.ts'
import { devAccounts, testWords } from '../../../src/node/dev-accounts.ts'
import { callRpc, eventually, startProgram, temporaryFolder } from '../program.ts'
import { startValidators } from '../validator-nodes.ts'

interface SetView {
  readonly validators: readonly { readonly address: string; readonly signed: number }[]
}

test('a fifth validator comes by a vote, one goes, one changes its key, and nobody is restarted', {
  timeout: 180_000,
}, async (t) => {
  const folder = await temporaryFolder(t)
  const nodes = await startValidators(t, {
    ...{ folder, count: 5, founders: 4, spare: [1], scheme: 'ed25519' },
  })
  const { node, all, grown, height, keyOf, blockAt } = nodes
  const accounts = devAccounts(testWords, 4)
  const nonces = accounts.map(() => 0n)
  const send = async (at: number, data: Uint8Array) => {
    const nonce = nonces[at] ?? 0n
    nonces[at] = nonce + 1n
    const key = accounts[at]?.key ?? new Uint8Array()
    const raw = registryTransaction(key, { nonce, data, chainId: 7001n })
    await callRpc(node(0).url, 'eth_sendRawTransaction', toHex(raw))
  }
  const approve = async (change: Uint8Array, members: readonly number[]) => {
    for (const at of members) await send(at, registryCalls.approve(change))
  }
  const signsBy = (keys: readonly SigningKey[]) =>
    eventually(async () => {
      const addresses = keys.map((key) => toHex(keyAddress(key))).sort()
      const { validators } = await callRpc<SetView>(node(4).url, 'qs_validators')
      const isSame = validators.map(({ address }) => address).join() === addresses.join()
      return isSame && validators.every(({ signed }) => signed > 0) ? true : undefined
    }, 60_000)
  type Five = [SigningKey, SigningKey, SigningKey, SigningKey, SigningKey]
  const [a, b, c, d, fifth] = all.map((at) => keyOf(at)) as Five
  await grown(4, 2)
  const operator = Uint8Array.fromHex((accounts[3]?.address ?? '').slice(2))
  await approve(registryCalls.add(fifth, operator), [0, 1, 2])
  await signsBy([a, b, c, d, fifth])
  const next = keyOf(1, true)
  await send(1, registryCalls.rotateKey(b, next))
  await approve(registryCalls.remove(d), [0, 1, 2, 3])
  await signsBy([a, next, c, fifth])
  const reached = (await height(0)) + 3
  await Promise.all(all.map((at) => grown(at, reached)))
  const blocks = await Promise.all(all.map((at) => blockAt(at, `0x${reached.toString(16)}`)))
  assert.equal(new Set(blocks.map((block) => block?.hash)).size, 1)
  await Promise.all(all.map((at) => nodes.stop(at)))
  for (const at of all) assert.doesNotMatch(nodes.output(at), /signed twice|consensus-failure/)
  const verify = startProgram(['chain', 'verify', '--run', '--data', nodes.data(4)])
  assert.deepEqual(await verify.exited, [0, null], verify.output())
})

/** Starts several validators of one chain in a process, and waits for what they decide. */

import type { TestContext } from 'node:test'
import { addressOfKey } from '../../crypto/secp256k1.ts'
import type { SigningKey } from '../../crypto/signatures.ts'
import type { DrivenChain } from '../chain-parts.ts'
import { encodeTransaction, signTransaction } from '../ledger/transaction-codec.ts'
import { TestLinks } from './test-links.ts'
import { nodeFolder, startNode, validatorKeys, votedManifest } from './voted-chain.ts'

const key = new Uint8Array(32).fill(1)
/** Who has ether on the chain. */
export const owner = addressOfKey(key)

/** A transfer of the account that the chain's birth funds. */
export function transfer(
  nonce: bigint,
  data = new Uint8Array(),
  maxFeePerGas = 10n ** 10n,
): Uint8Array {
  const signed = signTransaction(
    {
      ...{
        type: 2,
        chainId: 7n,
        nonce,
        gasLimit: 21_000n + 40n * BigInt(data.length),
        to: new Uint8Array(20).fill(9),
      },
      ...{ value: 1n, data, accessList: [] },
      ...{ maxFeePerGas, maxPriorityFeePerGas: 1n },
    },
    key,
  )
  return encodeTransaction(signed)
}

/** So many validators of one chain in this process. */
export async function startAll(
  t: TestContext,
  count: number,
  {
    keyOf = (key) => key,
    gasLimit,
  }: {
    readonly keyOf?: (key: SigningKey, at: number) => SigningKey
    readonly gasLimit?: bigint
  } = {},
) {
  const links = new TestLinks()
  const keys = validatorKeys(count)
  const usual = votedManifest(owner, keys)
  const genesis = { ...usual.genesis, ...(gasLimit && { gasLimit }) }
  const manifest = { ...usual, genesis }
  const places = await Promise.all(
    keys.map(async (own, at) => ({
      ...{ name: `node-${at}`, folder: await nodeFolder(t), manifest, keys: [keyOf(own, at)] },
    })),
  )
  const nodes: (DrivenChain | undefined)[] = []
  for (const place of places) nodes.push(await startNode(links, place))
  t.after(() => Promise.all(nodes.map((one) => one?.stop())))
  const node = (at: number) => nodes[at] as DrivenChain
  return {
    ...{ links, places },
    node,
    all: () => nodes.filter((one) => one !== undefined),
    async stop(at: number) {
      await node(at).stop()
      nodes[at] = undefined
    },
    async start(at: number) {
      nodes[at] = await startNode(links, places[at] as (typeof places)[number])
    },
  }
}

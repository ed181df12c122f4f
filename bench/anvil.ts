/** Times calls on anvil, when its binary is there, by the CPU time of its process. */

import { toHex } from '../src/base/bytes.ts'
import { skipAnvil, startAnvil } from '../test/e2e/peer-nodes.ts'
import { callRpc } from '../test/e2e/program.ts'
import { cpuSeconds } from './processes.ts'

/** A running anvil. */
export interface AnvilPeer {
  /** CPU seconds of a call with this code and calldata. */
  call(code: Uint8Array, data: Uint8Array): Promise<number>
  stop(): Promise<void>
}

const address = `0x${'c0de'.padStart(40, '0')}`

/** Starts one; `undefined` where there is none. */
export async function openAnvil(): Promise<AnvilPeer | undefined> {
  if (skipAnvil()) return undefined
  const node = await startAnvil(
    '--hardfork',
    'prague',
    '--gas-limit',
    '100000000000',
    '--no-mining',
  )
  return {
    async call(code, data) {
      await callRpc(node.url, 'anvil_setCode', address, toHex(code))
      const before = await cpuSeconds(node.pid)
      await callRpc(node.url, 'eth_call', {
        ...{ to: address, data: toHex(data), gas: '0x174876e800' },
      })
      return (await cpuSeconds(node.pid)) - before
    },
    stop: () => node.stop(),
  }
}

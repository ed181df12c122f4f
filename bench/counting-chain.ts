/** Starts a development chain of our own with a contract that logs as many numbers as it is told. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Hex, toHex } from '../src/base/bytes.ts'
import { freePort } from '../src/base/test-ports.ts'
import { keccak256 } from '../src/crypto/keccak.ts'
import { callRpc, startProgram } from '../test/e2e/program.ts'

/** Where a node is. */
export interface CountingChain {
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
}

const gasLimit = 30_000_000
/** Where the contract is, and what it logs. */
export const counter = `0x${'c0de'.padStart(40, '0')}` as const
export const counted = 'Counted(uint256 indexed group, uint256 indexed digit, uint256 number)'
/** The topic of the event. */
export const countedTopic: Hex = toHex(keccak256(Buffer.from('Counted(uint256,uint256,uint256)')))

/** A 256-bit word, without 0x. */
export const word = (value: number) => value.toString(16).padStart(64, '0')

/** Logs each number of a range, with the number mod 10,000 and the number mod 10 as topics. */
const code = [
  '5f35 602035 81 01 90 5b 80 5f 52',
  `600a 81 06 612710 82 06 7f${countedTopic.slice(2)} 6020 5f a3`,
  '6001 01 81 81 10 6008 57 00',
]
  .join('')
  .replaceAll(' ', '')

/** A node of its own with an empty folder, whose blocks are made when it is told; ends with `stop`. */
export async function startCountingChain(): Promise<CountingChain> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-bench-'))
  const port = await freePort()
  const program = startProgram([
    ...['start', '--dev', '--no-demo', '--rpc-port', `${port}`, '--api-port', '0'],
    ...['--block-time', '3600', '--hardfork', 'prague', '--data', folder],
    ...['--gas-limit', `${gasLimit}`],
  ])
  await program.printed(new RegExp(`:${port}`))
  return {
    ...{ url: `http://127.0.0.1:${port}`, pid: program.child.pid ?? 0 },
    async stop() {
      program.child.kill()
      await program.exited
      await rm(folder, { recursive: true })
    },
  }
}

/** Puts the contract onto a node that has Hardhat's methods. */
export async function placeCounter({ url }: Pick<CountingChain, 'url'>): Promise<Hex> {
  await callRpc(url, 'hardhat_setCode', counter, `0x${code}`)
  const [sender] = await callRpc<Hex[]>(url, 'eth_accounts')
  if (sender === undefined) throw new Error(`${url} has no account`)
  return sender
}

/** Adds a block in whose transactions the contract counts, so many numbers each. */
export async function countIn(
  { url }: Pick<CountingChain, 'url'>,
  sender: Hex,
  { from, each, times }: { from: number; each: number; times: number },
): Promise<void> {
  const gas = `0x${Math.floor(gasLimit / times).toString(16)}`
  for (let sent = 0; sent < times; sent += 1) {
    const data = `0x${word(from + sent * each)}${word(each)}`
    await callRpc(url, 'eth_sendTransaction', { from: sender, to: counter, gas, data })
  }
  await callRpc(url, 'evm_mine')
}

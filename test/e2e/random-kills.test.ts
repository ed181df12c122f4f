/** Kills the program again and again while deposits flow in, and counts that each was settled once. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freePort } from '../../src/base/test-ports.ts'
import { books, type Contracts, deposits } from './deposit-flow.ts'
import { eventually, getJson, type Program, startProgram, temporaryFolder } from './program.ts'

const kills = 5

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('every deposit is settled once, however often the program is killed meanwhile', {
  timeout: 240_000,
}, async (t) => {
  const data = await temporaryFolder(t)
  const [rpcPort, apiPort] = [await freePort(), await freePort()]
  const [rpc, api] = [`http://127.0.0.1:${rpcPort}`, `http://127.0.0.1:${apiPort}`]
  let program: Program | undefined
  t.after(async () => void program?.child.kill('SIGKILL'))
  const start = async () => {
    const flags = [...['--data', data, '--rpc-port', `${rpcPort}`], '--api-port', `${apiPort}`]
    program = startProgram(['start', '--dev', '--no-demo', '--block-time', '0.2', ...flags])
    await program.printed(/is up/)
    return program
  }
  let running = await start()
  const { items } = await getJson<{ items: { contracts: Contracts }[] }>(`${api}/v1/chains`)
  const { contracts } = items[0] as { contracts: Contracts }
  const flow = new AbortController()
  const sources = [1, 2, 3].map((account) =>
    deposits(rpc, account, { contracts, signal: flow.signal }),
  )
  for (let nth = 0; nth < kills; nth += 1) {
    await pause(1_000 + Math.random() * 1_500)
    running.child.kill('SIGKILL')
    await running.exited
    running = await start()
  }
  const isEnough = async () => {
    const { deposits, refunds } = await books(rpc, contracts)
    return deposits > 20 && refunds > 0 ? true : undefined
  }
  await eventually(isEnough, 60_000)
  flow.abort()
  await Promise.all(sources)
  const found = await eventually(async () => {
    const book = await books(rpc, contracts)
    return book.settled === book.deposits ? book : undefined
  }, 90_000)
  assert.deepEqual([found.references, found.out], [found.deposits, found.in])
  await eventually(async () => {
    const { instances } = await getJson<{ instances: Record<string, number> }>(`${api}/v1/status`)
    return instances.completed === found.deposits ? true : undefined
  })
  running.child.kill('SIGTERM')
  assert.deepEqual(await running.exited, [0, null], running.output())
})

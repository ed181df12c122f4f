/** Measures what a question by HTTP costs whoever asks: 100 bytes there and back, 64 under way. */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { createGuardedHttp } from '../src/workflow/guarded-http.ts'
import { inTurns, ratio, spreadOf, spreadText, table, timed } from './measure.ts'

const [questions, inFlight] = [10_000, 64]
const body = JSON.stringify({ text: 'x'.repeat(89) })
const headers = { 'content-type': 'application/json' }

/** Microseconds of processor time of each client for a question, the server's apart. */
export async function httpTable(runs: number): Promise<string> {
  const child = fork(path.join(import.meta.dirname, 'http.ts'))
  const [port] = (await once(child, 'message')) as [number]
  const url = `http://127.0.0.1:${port}/function`
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight })
  const guarded = createGuardedHttp({ allowHosts: ['127.0.0.0/8'] })
  const { signal } = new AbortController()
  const clients = {
    'guarded client': async () => {
      const answer = await guarded.request({ url, method: 'POST', headers, body, signal })
      JSON.parse(answer.body.toString())
    },
    'node:http, connections kept': () => byNodeHttp(port, agent),
    'fetch of Node': async () => {
      await (await fetch(url, { method: 'POST', headers, body })).json()
    },
  }
  for (const ask of Object.values(clients)) await askAll(ask)
  const measurements = Object.fromEntries(
    Object.entries(clients).map(([name, ask]) => [
      name,
      async () => ((await timed(() => askAll(ask))) / questions) * 1e6,
    ]),
  )
  const found = await inTurns(runs, measurements)
  await guarded.stop()
  agent.destroy()
  child.kill()
  const ours = found.get('guarded client')
  return table(
    ['client', 'µs of processor time a question', 'of the guarded client'],
    [...found].map(([name, values]) => [
      name,
      spreadText(spreadOf(values), 1),
      spreadText(ratio(values, ours)),
    ]),
  )
}

async function askAll(ask: () => Promise<void>): Promise<void> {
  let left = questions
  const worker = async () => {
    while (left > 0) {
      left -= 1
      await ask()
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
}

function byNodeHttp(port: number, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method: 'POST', path: '/function', agent, headers }
    const asked = request(options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('end', () => {
        JSON.parse(Buffer.concat(chunks).toString())
        resolve()
      })
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

/** The function that is asked; run as a process of its own. */
if (process.send) {
  const server = createServer((asked, response) => {
    asked.resume().on('end', () => response.writeHead(200, headers).end(body))
  })
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
}

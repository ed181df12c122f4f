/** Runs the lines of the examples' pages in a shell as they stand there, on nodes with a development chain. */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { type RunningNode, startNode } from '../../../src/node/node.ts'
import { eventually, getJson, main, root, temporaryFolder } from '../program.ts'

/** What somebody at a terminal does between two lines: they wait until there is something to see, and fill in its name. */
const hands = `
first() { curl -s "$API/$1" | node -pe 'JSON.parse(require("fs").readFileSync(0)).items[0]?.id ?? ""'; }
# A run that has gone on listens for what comes next, or asks somebody; other waits, as for a block to be final, pass.
rest() { for _ in {1..30}; do curl -s "$API/instances?status=waiting" | grep -Eq 'waits for an event|is asked' && return; sleep 0.2; done; }
npx() {
  shift
  case "$1 $2" in
    'workflow questions') until [ -n "$(first 'questions?status=open')" ]; do sleep 0.2; done ;;
    'workflow answer') set -- "$1" "$2" "$(first 'questions?status=open')" "\${@:4}" ;;
    'workflow instances') until [ -n "$(first 'instances?status=completed')" ]; do sleep 0.2; done ;;
  esac
  node "$MAIN" "$@" --api-port="$PORT"
  local code=$?
  [ "$2" = answer ] && sleep 0.5 && rest
  return $code
}
`

/** The blocks of a page that are for a shell. */
async function linesOf(example: string): Promise<string> {
  const page = await readFile(path.join(root, 'examples', example, 'README.md'), 'utf8')
  return [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, lines]) => lines).join('\nrest\n')
}

/** Runs the lines of a page in a copy of its folder. */
async function run(
  example: string,
  folder: string,
  node: RunningNode,
): Promise<{ readonly code: number; readonly output: string }> {
  const lines = (await linesOf(example)).replaceAll('http://127.0.0.1:4000', node.apiUrl)
  const environment = {
    ...{ HOME: process.env.HOME, LANG: 'C.UTF-8', MAIN: main, API: `${node.apiUrl}/v1` },
    ...{ PATH: `${path.dirname(process.execPath)}:${process.env.PATH}` },
    PORT: new URL(node.apiUrl).port,
  }
  return new Promise((resolve) => {
    const child = execFile(
      ...(['bash', ['-c', `${hands}\n${lines}`], { cwd: folder, env: environment }] as const),
      (error, stdout, stderr) => {
        const code = error === null ? 0 : Number(error.code ?? 1)
        resolve({ code, output: `${stdout}${stderr}` })
      },
    )
    child.stdin?.end()
  })
}

describe('the lines of the page of the example', { concurrency: true, timeout: 120_000 }, () => {
  const copyOf = async (t: TestContext, example: string) => {
    const folder = path.join(await temporaryFolder(t), example)
    await cp(path.join(root, 'examples', example), folder, { recursive: true })
    return folder
  }
  const starts = async (t: TestContext, workflows?: string) => {
    const node = await startNode({
      ...{ dev: true, demo: false, rpcPort: 0, apiPort: 0, blockTime: 0.2, logLevel: 'error' },
      ...{ data: await temporaryFolder(t), ...(workflows === undefined ? {} : { workflows }) },
    })
    assert.ok(node)
    t.after(() => node.stop())
    return node
  }

  test('treasury-approval pay what two people approved', async (t) => {
    const node = await starts(t)
    const { output } = await run('treasury-approval', await copyOf(t, 'treasury-approval'), node)
    await eventually(async () => {
      const answer = await fetch(`${node.apiUrl}/v1/contracts/call`, {
        ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
        body: '{"contract":"paymentDesk","function":"requests","args":["1"]}',
      })
      const { result } = (await answer.json()) as { readonly result?: readonly unknown[] }
      return Number(result?.[1]) === 2 ? true : undefined
    }, 30_000).catch(() => assert.fail(output))
  })

  test('price-check pause a feed whose price is off', async (t) => {
    const folder = await copyOf(t, 'price-check')
    // The exchanges are played.
    const sources = createServer((_, response) => {
      const [price, at] = ['2000', Date.now()]
      const timestamp = Math.floor(at / 1_000)
      const answer = /gemini/.test(_.url ?? '')
        ? { last: price, volume: { timestamp: at } }
        : { price, last: price, time: new Date(at).toISOString(), timestamp: String(timestamp) }
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
    }).listen(0, '127.0.0.1')
    await once(sources, 'listening')
    t.after(() => sources.close().closeAllConnections())
    const { port } = sources.address() as AddressInfo
    const file = path.join(folder, 'price-check.workflow.yaml')
    const urls = /https:\/\/[a-z.]*(coinbase|bitstamp|gemini)\.\w+\/\S+/g
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replace(urls, `http://127.0.0.1:${port}/$1`))
    const { output } = await run('price-check', folder, await starts(t))
    assert.match(output, /Paused\(1\)/)
  })

  test('goods-handover bring a parcel from hand to hand', async (t) => {
    const folder = await copyOf(t, 'goods-handover')
    const node = await starts(t, folder)
    const { code, output } = await run('goods-handover', folder, node)
    assert.equal(code, 0, output)
    assert.match(output, /completed/)
    const { items } = await getJson<{ items: readonly { data: { parcel: string } }[] }>(
      `${node.apiUrl}/v1/records`,
    )
    assert.equal(items[0]?.data.parcel, 'P-1', output)
  })

  test('anchored-readings verify a reading, and find that one was changed', async (t) => {
    const folder = await copyOf(t, 'anchored-readings')
    const node = await starts(t, folder)
    await eventually(async () => {
      const { items } = await getJson<{ items: unknown[] }>(
        `${node.apiUrl}/v1/instances?status=waiting`,
      )
      return items.length > 0 ? true : undefined
    }, 30_000)
    const { code, output } = await run('anchored-readings', folder, node)
    assert.equal(code, 2, output)
    assert.match(output, /"verified": ?true/)
    assert.match(output, /is failed: .* did not anchor/)
  })
})

/** Walks through the console of a node with a few runs, and writes the pictures of docs/console.md. */

import { cp, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { type RunningNode, startNode } from '../src/node/node.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { launchBrowser, openPage, openSession } from '../test/e2e/console-browser.ts'
import { callRpc, eventually, getJson } from '../test/e2e/program.ts'
import { takeNoOptions } from './command-options.ts'

takeNoOptions(
  'usage: npm run docs:walk: opens each page of the console and writes docs/console/*.png',
)

const root = path.join(import.meta.dirname, '..')
const pictures = path.join(root, 'docs/console')
/** Largest picture, in bytes. */
const maxBytes = 150_000

const treasury = `
document: { dsl: 1.0.3, namespace: default, name: treasury, version: 0.1.0, title: Pay from the treasury }
do:
  - approve:
      call: human.approve
      with:
        title: \${ "Pay " + .amount + " to " + .to + "?" }
        role: treasurer
        answers: 2
        form:
          type: object
          required: [approved]
          properties:
            approved: { type: boolean, title: Shall it be paid? }
            way: { enum: [today, next week], title: When }
            note: { type: string, title: Note, description: For the books, maxLength: 120 }
        data: { invoice: '\${ .invoice }', amount: '\${ .amount }' }
      output: { as: '\${ { amount: $input.amount, approved: .approved } }' }
  - decide:
      switch:
        - approved: { when: .approved, then: pay }
        - refused: { then: refuse }
  - pay:
      call: record.write
      with: { key: '\${ $workflow.id }', data: { amount: '\${ .amount }' } }
      then: end
  - refuse:
      raise:
        error: { type: 'https://example.com/errors/refused', status: 403, title: The treasurer refused }
`

const deposits = `
name: deposits
life: pending
sources:
  - event: Deposited(address indexed account, uint256 amount, bytes32 memo)
columns:
  account: { type: text, value: .args.account, index: true }
  amount: { type: integer, value: .args.amount }
`

const stops: (() => Promise<void>)[] = []
const folder = await mkdtemp(path.join(tmpdir(), 'quantumstream-walk-'))
stops.push(() => rm(folder, { recursive: true, force: true }))
try {
  await walk()
} finally {
  for (const stop of stops.reverse()) await stop()
}

async function walk(): Promise<void> {
  const workflows = path.join(folder, 'workflows')
  await cp(path.join(root, 'examples/deposit-kyc-allocation'), workflows, { recursive: true })
  await writeFile(path.join(workflows, 'treasury.workflow.yaml'), treasury)
  const projections = path.join(folder, 'tables')
  await mkdir(projections)
  await writeFile(path.join(projections, 'deposits.yaml'), deposits)
  const sinks = JSON.stringify([
    { name: 'archive', kind: 'file', folder: path.join(folder, 'out') },
  ])
  const settings: Parameters<typeof startNode>[0] & { data: string } = {
    ...{ dev: true, demo: false, data: path.join(folder, 'data'), workflows, projections, sinks },
    ...{ rpcPort: 0, apiPort: 0, blockTime: 1, queue: 'embedded', logLevel: 'error' },
  }
  const first = await started(settings)
  await first.deposit('one')
  await completed(first, 1)
  await first.stop()
  await addDeadLetter(path.join(settings.data, 'events.sqlite'))
  const node = await started(settings)
  stops.push(() => node.stop())
  await prepare(node)
  const browser = await launchBrowser()
  stops.push(() => browser.close())
  const session = await openSession(browser)
  const ending = { after: () => {} }
  const { page } = await openPage(session, ending, { url: node.apiUrl, width: 1_280 })
  await page.addInitScript("localStorage.setItem('quantumstream:who', 'ada')")
  await mkdir(pictures, { recursive: true })
  await visit(page, node)
}

async function started(settings: Parameters<typeof startNode>[0]): Promise<RunningNode> {
  const node = await startNode(settings)
  if (node === undefined) throw new Error('the node did not start')
  return node
}

function completed(node: RunningNode, least: number) {
  return eventually(async () =>
    (await node.engine.counts()).completed >= least ? true : undefined,
  )
}

/** A message that was given up, as one that failed ten times. */
async function addDeadLetter(file: string): Promise<void> {
  const sql = await openSqlite({ path: file })
  const [event] = await sql.all('SELECT id, address FROM events LIMIT 1')
  const body = JSON.stringify({ kind: 'advanced', event: { id: event?.id, state: 'finalized' } })
  await sql.run(
    `INSERT INTO queue_messages (queue, id, message_key, body, due_at_ms, put_at_ms, state, attempts, reason)
      VALUES ('events', 'walk', ?, ?, ?, ?, 'dead', 10, 'the handler failed: no such table: ledger')`,
    ...[String(event?.address), body, Date.now() - 90_000, Date.now() - 400_000],
  )
  await sql.close()
}

async function prepare(node: RunningNode): Promise<void> {
  await node.deposit('two')
  await node.deposit('refuse')
  await completed(node, 3)
  const invoices = [
    { invoice: '2026-118', to: 'Harbour Works', amount: '4200' },
    { invoice: '2026-121', to: 'Tide & Sons', amount: '950' },
    { invoice: '2026-122', to: 'Lamp Oil Ltd', amount: '80' },
  ]
  for (const input of invoices) await node.engine.begin({ name: 'treasury' }, input)
  const questions = () => node.engine.questions({ limit: 10, status: 'open' })
  await eventually(async () => ((await questions()).items.length === 3 ? true : undefined))
  const [newest, middle] = (await questions()).items
  if (newest === undefined || middle === undefined) throw new Error('nobody is asked')
  for (const who of ['grace', 'edsger'])
    await node.engine.answer(newest.id, who, { approved: false })
  await node.engine.answer(middle.id, 'grace', { approved: true, way: 'today' })
  await eventually(async () => ((await node.engine.counts()).failed === 1 ? true : undefined))
}

async function visit(page: Page, node: RunningNode): Promise<void> {
  const runs = (await node.engine.list({ limit: 20 })).items
  const flagship = runs.find(({ workflow }) => workflow !== 'treasury')
  const failed = runs.find(({ status }) => status === 'failed')
  const [event] = (await node.events.list({ limit: 1 })).items
  await page.goto(`${node.apiUrl}/functions/kyc`)
  const payload = { account: `0x${'aa'.repeat(20)}`, amount: '5', memo: '0x00' }
  await page.getByLabel('Payload').fill(JSON.stringify(payload))
  await page.getByRole('button', { name: 'Call', exact: true }).click()
  await page.getByText('"approved": true').waitFor()
  await shoot(page, 'function')
  const places: readonly (readonly [name: string, where: string, shown: string])[] = [
    ['home', '/', 'Latest workflows'],
    ['workflow', '/workflows/deposit-kyc-allocation', '.react-flow__node'],
    ['runs', '/instances', 'treasury'],
    ['run', `/instances/${flagship?.id}`, '.react-flow__node'],
    ['failed-run', `/instances/${failed?.id}`, 'Retry from the failed step'],
    ['questions', '/questions', 'Shall it be paid?'],
    ['events', '/events', 'Deposited'],
    ['event', `/events/${encodeURIComponent(event?.id ?? '')}`, 'cannot leave the chain'],
    ['queue', '/queue', 'no such table'],
    ['projection', '/projections/deposits', '0x709979'],
    ['transactions', '/transactions', 'mined'],
    ['outbox', '/outbox', 'archive'],
    ['records', '/records', 'Run'],
    ['blocks', '/blocks', 'gwei'],
    ['chains', '/chains', 'the node stands on it'],
  ]
  for (const [name, where, shown] of places) {
    await page.goto(`${node.apiUrl}${where}`)
    const mark = shown.startsWith('.') ? page.locator(shown) : page.getByText(shown)
    await mark.first().waitFor()
    await page.locator('.loading').first().waitFor({ state: 'detached' })
    if (name === 'failed-run') await page.getByRole('button', { name: /^Replay/ }).click()
    await shoot(page, name)
  }
  await raiseAlarm(node)
  await page.goto(`${node.apiUrl}/listener`)
  await page.getByRole('button', { name: /I have looked/ }).waitFor()
  await shoot(page, 'listener')
}

/** Takes a final event from the development chain. */
async function raiseAlarm(node: RunningNode): Promise<void> {
  const rpc = (method: string, ...params: unknown[]) =>
    callRpc<string>(node.rpcUrl ?? '', method, ...params)
  const [before] = (await node.events.list({ limit: 1 })).items
  const snapshot = await rpc('evm_snapshot')
  await node.deposit('taken back')
  await eventually(async () => {
    const [event] = (await node.events.list({ limit: 1 })).items
    return event?.blockNumber !== before?.blockNumber && event?.state === 'finalized'
      ? true
      : undefined
  })
  await rpc('evm_revert', snapshot)
  await eventually(async () => {
    const { items } = await getJson<Listeners>(`${node.apiUrl}/v1/listeners`)
    return items[0]?.alarms[0]
  })
}

interface Listeners {
  readonly items: readonly { readonly alarms: readonly object[] }[]
}

async function shoot(page: Page, name: string): Promise<void> {
  await page.setViewportSize({ width: 1_280, height: 800 })
  // What is drawn once more after it was measured, such as the graph, has come to rest.
  await page.evaluate('new Promise((done) => setTimeout(done, 400))')
  const file = path.join(pictures, `${name}.png`)
  await page.screenshot({ path: file })
  const { size } = await stat(file)
  if (size > maxBytes) throw new Error(`${file} has ${size} bytes, over ${maxBytes}`)
  console.log(`written: ${path.relative(root, file)}, ${Math.round(size / 1_000)} kB`)
}

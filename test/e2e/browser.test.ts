/** Uses the console in Chromium: watches the flagship, makes deposits, by mouse, by keyboard and on a narrow screen. */

import assert from 'node:assert/strict'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Browser, BrowserContext } from 'playwright-core'
import { type RunningNode, startNode } from '../../src/node/node.ts'
import {
  accessFaults,
  launchBrowser,
  openPage,
  openSession,
  type PageOptions,
  type TestEnding,
} from './console-browser.ts'
import { skipBrowser } from './lacking.ts'
import { callRpc, root, temporaryFolder } from './program.ts'

const treasury = `
document: { dsl: 1.0.3, namespace: default, name: treasury, version: 0.1.0 }
do:
  - approve:
      call: human.approve
      with:
        title: Pay \${ .amount }?
        role: treasurer
        form:
          type: object
          required: [approved]
          properties: { approved: { type: boolean, title: Shall it be paid? } }
      output: { as: '\${ .approved }' }
  - decide:
      switch:
        - refused: { when: . == false, then: refuse }
        - paid: { then: end }
  - refuse:
      raise:
        error: { type: 'https://example.com/errors/refused', status: 403, title: Refused }
`

const deposits = `
name: deposits
life: pending
sources:
  - event: Deposited(address indexed account, uint256 amount, bytes32 memo)
columns:
  amount: { type: integer, value: .args.amount, index: true }
  memo:
    type: text
    value: .args.memo[2:] | [range(0; length; 2) as $at | .[$at:$at + 2]] | map(select(. != "00")) |
      map(ascii_downcase | explode | map(if . > 96 then . - 87 else . - 48 end) | .[0] * 16 + .[1]) | implode
`

describe('the console in a browser', { timeout: 240_000, skip: skipBrowser() }, () => {
  let node: RunningNode
  let browser: Browser
  let session: BrowserContext
  let clean: (() => Promise<void>)[] = []

  before(async () => {
    const data = await temporaryFolder({ after: (run) => void clean.push(run) })
    const projections = path.join(data, 'tables')
    await mkdir(projections)
    await writeFile(path.join(projections, 'deposits.yaml'), deposits)
    const workflows = path.join(data, 'workflows')
    await cp(path.join(root, 'examples/deposit-kyc-allocation'), workflows, { recursive: true })
    await writeFile(path.join(workflows, 'treasury.workflow.yaml'), treasury)
    const started = await startNode({
      ...{ dev: true, demo: false, data, workflows, rpcPort: 0, apiPort: 0, blockTime: 0.25 },
      queue: 'embedded',
      projections,
    })
    assert.ok(started)
    node = started
    browser = await launchBrowser()
    session = await openSession(browser)
  })

  after(async () => {
    await browser?.close()
    await node?.stop()
    for (const run of clean) await run()
    clean = []
  })

  const open = (t: TestEnding, where: string, options: PageOptions = {}) =>
    openPage(session, t, { url: `${node.apiUrl}${where}`, ...options })

  test('a deposit by the form is watched to its end', async (t) => {
    const { page, problems } = await open(t, '/')
    await page.getByText('No workflow has run yet').waitFor()
    const form = page.getByRole('form', { name: 'Make a deposit' })
    await form.getByLabel('Amount in ether').fill('2.5')
    await form.getByLabel('Memo').fill('from the browser')
    await form.getByRole('button', { name: 'Deposit' }).click()
    await form.getByRole('link', { name: 'Watch its workflow' }).click()
    const steps = page.getByRole('region', { name: 'Steps' })
    await steps.getByRole('button', { name: /record .*done/ }).waitFor()
    await steps.getByRole('button', { name: /refund .*not reached/ }).waitFor()
    await steps.getByRole('button', { name: /allocate/ }).click()
    await page.getByRole('heading', { name: 'Data of allocate' }).waitFor()
    const data = page.getByRole('region', { name: 'Data of allocate' })
    await data.locator('pre', { hasText: 'blockNumber' }).waitFor()
    await page.getByText('2.5 ether').waitFor()
    await page.locator('.react-flow__node').first().waitFor()
    assert.equal(await page.locator('.react-flow__node').count(), 6)
    assert.equal(await page.locator('.react-flow__edge').count(), 6)
    assert.deepEqual(problems, [])
  })

  test('a refused deposit shows the refund, live, without reloading', async (t) => {
    const { page } = await open(t, '/')
    await node.deposit('refuse')
    const row = page.getByRole('row').filter({ hasText: 'completed' })
    await row.nth(1).waitFor()
    await row.first().getByRole('link').first().click()
    const steps = page.getByRole('region', { name: 'Steps' })
    await steps.getByRole('button', { name: /refund .*done/ }).waitFor()
    await steps.getByRole('button', { name: /allocate .*not reached/ }).waitFor()
  })

  test('a table shows its rows, those that a filter lets through, and what a filter may be', async (t) => {
    const { page } = await open(t, '/projections')
    await node.deposit('a row')
    await page.getByRole('link', { name: 'deposits', exact: true }).click()
    const rows = page.getByRole('table', { name: 'Rows of deposits' })
    await rows.getByRole('cell', { name: 'a row' }).waitFor()
    const region = page.getByRole('region', { name: 'Rows' })
    await region.getByLabel('Filter').fill('memo.eq.another and amount.gt.0')
    await region.getByRole('button', { name: 'Show' }).click()
    await region.getByText('No row is so').waitFor()
    await region.getByLabel('Filter').fill('memo.like.x')
    await region.getByRole('button', { name: 'Show' }).click()
    await region.getByText('"like" is no operator').waitFor()
  })

  test('what was sent is listed, from before its broadcast until its block is final', async (t) => {
    const { page } = await open(t, '/transactions')
    const lanes = page.getByRole('table', { name: 'Lanes of senders' })
    await lanes.getByRole('cell', { name: 'none' }).waitFor()
    const sent = page.getByRole('table', { name: 'Sent transactions' })
    await sent
      .getByText(/mined|final/)
      .first()
      .waitFor()
  })

  test('a function is called by its form, and the run is there with what it wrote', async (t) => {
    const { page, problems } = await open(t, '/functions')
    await page.getByRole('link', { name: 'kyc', exact: true }).click()
    const form = page.getByRole('form', { name: 'Call it' })
    await form.getByLabel('Payload').fill('{"account": ')
    await form.getByText('This is no JSON.').waitFor()
    assert.equal(await form.getByRole('button').isDisabled(), true)
    const payload = { account: `0x${'aa'.repeat(20)}`, amount: '5', memo: '0x00' }
    await form.getByLabel('Payload').fill(JSON.stringify(payload))
    await form.getByRole('button').click()
    await form.getByText('"approved": true').waitFor()
    await form.getByLabel('Payload').fill('{"account": "nobody"}')
    await form.getByRole('button').click()
    await form.getByText('"nobody" is no account').waitFor()
    const runs = page.getByRole('region', { name: 'Last runs' })
    await runs.getByRole('row').filter({ hasText: 'is no account' }).getByText('failed').waitFor()
    assert.ok(
      problems.every((problem) => /status of 422/.test(problem)),
      problems.join(),
    )
  })

  test('a function is deployed from a file, called, and removed with its versions', async (t) => {
    const { page, problems } = await open(t, '/functions')
    const file = (text: string) => ({
      ...{ name: 'double.js', mimeType: 'text/javascript', buffer: Buffer.from(text) },
    })
    const deploy = page.getByRole('form', { name: 'Deploy a function' })
    assert.equal(await deploy.getByRole('button', { name: 'Deploy' }).isDisabled(), true)
    const code = 'export default ({ n }) => { console.log("heard", n); return { twice: 2 * n } }'
    await deploy.getByLabel('Files').setInputFiles(file(code))
    await deploy.getByRole('button', { name: 'Deploy' }).click()
    await deploy.getByRole('link', { name: 'double' }).click()
    const call = page.getByRole('form', { name: 'Call it' })
    await call.getByLabel('Payload').fill('{"n": 21}')
    await call.getByRole('button').click()
    await call.getByText('"twice": 42').waitFor()
    await page.getByRole('region', { name: 'Log' }).getByText('heard 21').waitFor()
    const another = page.getByRole('form', { name: 'Deploy another version' })
    await another.getByLabel('Files').setInputFiles(file(code.replace('2 *', '3 *')))
    await another.getByRole('button', { name: 'Deploy' }).click()
    const versions = page.getByRole('region', { name: 'Versions' })
    await versions.getByRole('button', { name: 'Call this one' }).waitFor()
    await page.getByRole('button', { name: 'Remove double' }).click()
    await page.getByRole('button', { name: 'Yes' }).click()
    await page.getByRole('form', { name: 'Deploy a function' }).waitFor()
    await page.getByRole('link', { name: 'kyc', exact: true }).waitFor()
    await page.getByRole('link', { name: 'double' }).waitFor({ state: 'detached' })
    assert.deepEqual(problems, [])
  })

  test('blocks come in by themselves', async (t) => {
    const { page } = await open(t, '/blocks')
    const first = page.getByRole('row').nth(1).getByRole('link').first()
    const before = Number(await first.textContent())
    await page.getByRole('link', { name: String(before + 3), exact: true }).waitFor()
  })

  test('chains are listed with height, engine and state, and stopped and started', async (t) => {
    const { page, problems } = await open(t, '/chains')
    await page.getByText('chain bang FILE').waitFor()
    const own = page.getByRole('row').filter({ hasText: 'the node stands on it' })
    await own.getByRole('cell', { name: 'dev', exact: true }).first().waitFor()
    assert.equal(await own.getByRole('button', { name: /Stop|Start/ }).count(), 0)
    await callRpc(node.rpcUrl ?? '', 'qs_fork', 'dev', { name: 'side', chainId: 77 })
    const side = page.getByRole('row').filter({ hasText: 'side' })
    await side.getByText('running', { exact: true }).waitFor()
    await side.getByRole('cell', { name: /^block \d+$/ }).waitFor()
    // It seals blocks, which are seen without reloading.
    await side.getByRole('cell', { name: /^[3-9]$/ }).waitFor()
    await side.getByRole('button', { name: 'Stop side' }).click()
    await side.getByText('stopped', { exact: true }).waitFor()
    await side.getByText('none is told').waitFor()
    await side.getByRole('button', { name: 'Start side' }).click()
    await side.getByText('running', { exact: true }).waitFor()
    assert.deepEqual(problems, [])
  })

  test('a question is answered by the form of its schema, and the run is operated', async (t) => {
    const id = await node.engine.begin({ name: 'treasury' }, { amount: 7 })
    const { page, problems } = await open(t, '/questions')
    const card = page.getByRole('article', { name: 'Pay 7?' })
    const form = card.getByRole('form')
    await form.getByText('Write your name above first.').waitFor()
    assert.equal(await form.getByRole('button', { name: 'Answer' }).isDisabled(), true)
    await page.getByLabel('Your name').fill('ada')
    await form.getByRole('button', { name: 'Answer' }).click()
    await form.getByText('Choose yes or no.').waitFor()
    await form.getByLabel('Shall it be paid?').selectOption('no')
    await form.getByRole('button', { name: 'Answer' }).click()
    await card.waitFor({ state: 'detached' })
    await page.getByLabel('Status').selectOption('answered')
    await page.getByRole('article', { name: 'Pay 7?' }).getByText('{"approved":false}').waitFor()
    await page.getByRole('article', { name: 'Pay 7?' }).getByText('ada').waitFor()

    await page.goto(`${node.apiUrl}/instances/${id}`)
    await page.getByRole('button', { name: /^Replay/ }).click()
    await page.getByText('It goes the same way as its journal says.').waitFor()
    const journal = page.getByRole('table', { name: 'Journal' })
    await journal.getByText('failed: Refused').waitFor()
    await page.getByRole('button', { name: /^approve/ }).click()
    await page.getByRole('button', { name: /^Retry from “approve”/ }).click()
    await page.getByRole('button', { name: 'No', exact: true }).click()
    await page.getByRole('button', { name: /^Retry from “approve”/ }).click()
    await page.getByRole('button', { name: 'Yes' }).click()
    await page.getByRole('button', { name: /^Pause/ }).click()
    await page.getByRole('button', { name: /^Resume/ }).click()
    await page.getByRole('button', { name: /^Cancel/ }).click()
    await page.getByRole('group', { name: /^Cancel it\?/ }).waitFor()
    await page.getByRole('button', { name: 'Yes' }).click()
    await page.getByText('cancelled', { exact: true }).first().waitFor()
    await journal.getByText('set aside').first().waitFor()

    const definition = treasury.replaceAll('refuse', 'decline')
    await fetch(`${node.apiUrl}/v1/workflows`, {
      ...{ method: 'POST', body: JSON.stringify({ definition }) },
      headers: { 'content-type': 'application/json' },
    })
    await page.reload()
    await page.getByText('Another definition has taken the place').waitFor()
    const steps = page.getByRole('region', { name: 'Steps' })
    await steps.getByRole('button', { name: /refuse .*not reached/ }).waitFor()
    assert.deepEqual(problems, [])
  })

  test('an event shows its life, the listener and the queue how they are', async (t) => {
    const { page, problems } = await open(t, '/events')
    await page.getByRole('link', { name: 'Deposited' }).first().click()
    const life = page.getByRole('region', { name: 'Life' })
    await life.getByText('cannot leave the chain any more').waitFor()
    assert.ok((await life.getByRole('time').count()) >= 3)
    await page.getByRole('link', { name: 'Listener' }).click()
    await page.getByText('following', { exact: true }).waitFor()
    await page.getByText('There was no alarm').waitFor()
    await page.getByRole('link', { name: 'Queue' }).click()
    await page.getByText('Nothing was given up').waitFor()
    assert.deepEqual(problems, [])
  })

  test('bad amounts and memos are refused with a reason', async (t) => {
    const { page } = await open(t, '/')
    const form = page.getByRole('form', { name: 'Make a deposit' })
    const button = form.getByRole('button', { name: 'Deposit' })
    await form.getByLabel('Amount in ether').fill('0')
    await form.getByText('Write an amount above zero').waitFor()
    assert.equal(await button.isDisabled(), true)
    await form.getByLabel('Amount in ether').fill('20000')
    await button.click()
    await form.getByText(/The deposit was not sent: .*insufficient funds/).waitFor()
    await form.getByLabel('Memo').fill('x'.repeat(33))
    await form.getByText('longer than 32 bytes').waitFor()
  })

  test('the keyboard reaches everything: skip link, search, deposit, steps', async (t) => {
    const { page } = await open(t, '/')
    await page.getByRole('form', { name: 'Make a deposit' }).waitFor()
    await page.keyboard.press('Tab')
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to content')
    await page.keyboard.press('/')
    await page.keyboard.type('1')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Block 1' }).waitFor()
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Block 1')
    await page.goBack()
    const form = page.getByRole('form', { name: 'Make a deposit' })
    await form.getByLabel('Memo').focus()
    await page.keyboard.press('Enter')
    await form.getByRole('link', { name: 'Watch its workflow' }).focus()
    await page.keyboard.press('Enter')
    const step = page.getByRole('button', { name: /^kyc/ })
    await step.focus()
    await page.keyboard.press('Space')
    await page.getByRole('heading', { name: 'Data of kyc' }).waitFor()
  })

  test('a lost node is told of, with the age of what is shown', async (t) => {
    const { page } = await open(t, '/')
    await page.getByText('ready', { exact: true }).waitFor()
    await page.route('**/v1/**', (route) => route.abort())
    await page.goto(`${node.apiUrl}/blocks`)
    await page.getByRole('alert').filter({ hasText: 'does not answer' }).waitFor()
    await page.unroute('**/v1/**')
    await page
      .getByRole('alert')
      .filter({ hasText: 'does not answer' })
      .waitFor({ state: 'detached' })
  })

  test('no word of a table is broken, and the rail takes no more room than it needs', async (t) => {
    const { page } = await open(t, '/events')
    await page.getByRole('link', { name: 'Deposited' }).first().waitFor()
    for (const width of [800, 1_000, 1_440]) {
      await page.setViewportSize({ width, height: 900 })
      const lines = await page.evaluate("document.querySelector('td a').getClientRects().length")
      assert.equal(lines, 1, `at ${width} pixels`)
    }
    await page.setViewportSize({ width: 360, height: 900 })
    await page.goto(`${node.apiUrl}/nowhere`)
    await page.getByText('There is no page').waitFor()
    const height = (await page.getByRole('navigation').boundingBox())?.height ?? 0
    assert.ok(height < 150, `the rail is ${height} pixels high`)
  })

  const paths = [
    '/',
    '/chains',
    '/chains/dev',
    '/workflows',
    '/workflows/deposit-kyc-allocation',
    '/instances',
    '/events',
  ]
  const more = [
    '/blocks',
    '/blocks/1',
    '/transactions',
    '/functions',
    '/functions/kyc',
    '/projections',
    '/projections/deposits',
    '/questions',
    '/events/EVENT',
    '/listener',
    '/queue',
    '/outbox',
    '/records',
    '/instances/RUN',
    '/nowhere',
  ]
  test('no page has a serious fault of access in either theme, nor scrolls sideways at 360 pixels', async (t) => {
    const [run] = (await node.engine.list({ limit: 1 })).items
    const { page } = await open(t, '/', { width: 360 })
    // Rows are alike: four say as much as fifty, and are looked at in a tenth of the time.
    await page.route(/\/v1\/(?!stream|status)[a-z]+$/, (route) =>
      route.continue({ url: `${route.request().url()}?limit=4` }),
    )
    const [event] = (await node.events.list({ limit: 1 })).items
    await node.engine.begin({ name: 'treasury' }, { amount: 8 })
    const placed = (one: string) =>
      one.replace('RUN', run?.id ?? '').replace('EVENT', encodeURIComponent(event?.id ?? ''))
    for (const where of [...paths, ...more].map(placed)) {
      await page.goto(`${node.apiUrl}${where}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.locator('.loading').first().waitFor({ state: 'detached' })
      assert.deepEqual(await accessFaults(page), [], where)
    }
  })
})

/** Looks at four validators of a running test network in the console, one of which goes. */

import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { accessFaults, launchBrowser, openPage, openSession } from './console-browser.ts'
import { skipBrowser } from './lacking.ts'
import { eventually, root, startProgram, temporaryFolder } from './program.ts'

/** Apart from the ports of a network that the tester runs. */
const portsFrom = 1_000

test('the page of a chain shows its validators, their votes, and the peers', {
  timeout: 240_000,
  skip: skipBrowser(),
}, async (t) => {
  const folder = await temporaryFolder(t)
  const words = ['--json', '--data', folder, '--ports-from', String(portsFrom)]
  const network = startProgram(words, { entry: path.join(root, 'tools/testnet.ts') })
  t.after(async () => {
    network.child.kill('SIGTERM')
    await network.exited
  })
  await network.printed(/"validator":3,"pid":\d+,"height":[3-9]/)
  const browser = await launchBrowser()
  t.after(() => browser.close())
  const session = await openSession(browser)
  const url = `http://127.0.0.1:${portsFrom + 4_000}/chains`
  const { page, problems } = await openPage(session, t, { url })
  await page.getByRole('link', { name: 'testnet' }).click()
  await page.getByRole('heading', { name: 'Chain testnet' }).waitFor()
  const table = (name: string) => page.getByRole('table', { name }).locator('tbody tr')
  await table('Peers').nth(2).waitFor()
  assert.equal(await table('Validators').count(), 4)
  assert.equal(await table('Validators').filter({ hasText: 'this node' }).count(), 1)
  const linked = table('Validators').filter({ hasText: 'linked' })
  await linked.nth(2).waitFor()
  assert.equal(await linked.count(), 3)
  const heights = table('Peers').locator('td[data-label=Height]')
  // A peer tells its height when it changes, which may be after the page is there.
  await heights
    .first()
    .filter({ hasText: /^([3-9]|\d{2,})$/ })
    .waitFor()
  const signed = table('Validators').getByText(/^\d+ of \d+ blocks$/)
  await signed.nth(3).waitFor()
  assert.equal(await signed.count(), 4)
  if (process.env.SCREENSHOTS) {
    const enough = page.getByText(/of 20 blocks/)
    await enough.first().waitFor()
    const voted = page.getByRole('table', { name: 'Validators' }).getByText('is there')
    await eventually(async () => ((await voted.count()) >= 5 ? true : undefined), 60_000)
    const clip = { x: 0, y: 0, width: 1_440, height: 680 }
    await page.screenshot({ path: path.join(root, 'docs/validators.png'), clip })
  }
  assert.deepEqual(await accessFaults(page), [])
  await page.setViewportSize({ width: 360, height: 900 })
  assert.deepEqual(await accessFaults(page), [], 'at 360 pixels')
  await page.setViewportSize({ width: 1_440, height: 900 })
  const [, pid] = await network.printed(/"validator":2,"pid":(\d+)/)
  process.kill(Number(pid), 'SIGKILL')
  await network.printed(/validator 2 was ended by SIGKILL; its log: .*validator-2\.log/)
  await page.getByText('no link', { exact: true }).waitFor()
  await page.getByText(/\d missed/).waitFor({ timeout: 180_000 })
  assert.deepEqual(problems, [])
})

/** Opens pages of the console in Chromium, and looks for their faults. */

import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, type BrowserContext, chromium as driver, type Page } from 'playwright-core'
import { chromium } from './lacking.ts'

/** What is done after a test. */
export interface TestEnding {
  after(run: () => Promise<void>): void
}

/** How a page is shown. */
export interface PageOptions {
  readonly width?: number
}

export function launchBrowser(): Promise<Browser> {
  return driver.launch({
    executablePath: chromium ?? '',
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
      ...['--disable-background-networking', '--disable-component-update'],
    ],
  })
}

/**
 * One session of a browser for the pages of a test file, so that the console is fetched and compiled once. axe is put
 * into pages as a script, which the console's own policy forbids.
 */
export function openSession(browser: Browser): Promise<BrowserContext> {
  return browser.newContext({ bypassCSP: true })
}

/** Opens an address, and keeps what goes wrong on its page. */
export async function openPage(
  session: BrowserContext,
  t: TestEnding,
  { url, width = 1_440 }: PageOptions & { readonly url: string },
): Promise<{ readonly page: Page; readonly problems: string[] }> {
  const page = await session.newPage()
  t.after(() => page.close())
  await page.setViewportSize({ width, height: 900 })
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text())
  })
  await page.goto(url)
  return { page, problems }
}

/** Rules of axe that look at colours; all others find the same whatever the theme. */
const colourRules = ['color-contrast', 'link-in-text-block']

/**
 * What hinders somebody badly who uses a page otherwise than by eye and mouse, in both themes; and a page that scrolls
 * sideways.
 */
export async function accessFaults(page: Page): Promise<string[]> {
  const faults: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    // There are no frames; without legacy mode each analysis opens a page of its own.
    const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] })
    if (colorScheme === 'dark') axe.withRules(colourRules)
    const { violations } = await axe.analyze()
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    faults.push(
      ...serious.flatMap(({ id, nodes }) =>
        nodes.map(({ html }) => `${id}, ${colorScheme}: ${html}`),
      ),
    )
    const overflow = await page.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    )
    if (overflow !== 0) faults.push(`scrolls sideways, ${colorScheme}`)
  }
  return faults
}

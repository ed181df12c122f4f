/** Opens pages of the console in Chromium, and looks for their faults. */

import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, chromium as driver, type Page } from 'playwright-core'
import { chromium } from './lacking.ts'

/** What is done after a test. */
export interface TestEnding {
  after(run: () => Promise<void>): void
}

/** How a page is shown. */
export interface PageOptions {
  readonly width?: number
  readonly colorScheme?: 'light' | 'dark'
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

/** Opens an address, and keeps what goes wrong on its page. */
export async function openPage(
  browser: Browser,
  t: TestEnding,
  { url, width = 1_440, colorScheme = 'light' }: PageOptions & { readonly url: string },
): Promise<{ readonly page: Page; readonly problems: string[] }> {
  // axe is put into the page as a script, which the console's own policy forbids.
  const context = await browser.newContext({
    ...{ viewport: { width, height: 900 }, colorScheme, bypassCSP: true },
  })
  t.after(() => context.close())
  const page = await context.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text())
  })
  await page.goto(url)
  return { page, problems }
}

/** What hinders somebody badly who uses a page otherwise than by eye and mouse. */
export async function seriousFaults(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}

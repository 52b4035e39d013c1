/** A real Chromium, and pages of it that note everything a visitor would not see. */
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, onTestFinished } from 'vitest'

const CHROMIUM = '/usr/bin/chromium'
/** What was seen is kept here, for whoever wants to look at it; git does not. */
const SCREENSHOTS = fileURLToPath(new URL('../../.cache/screenshots', import.meta.url))

/** Nothing that would leave this machine. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export interface Visit {
  readonly page: Page
  /** Console errors, violations of the content security policy, exceptions; and requests to anybody else. */
  readonly faults: string[]
  readonly screenshot: (name: string) => Promise<void>
}

/**
 * To be called once at the top of a test file; `visit` opens a page of `base`. Without Chromium all its tests
 * are skipped, unless SPILLWAY_PAGE_MUST_RUN is set.
 */
export function useBrowser(): (base: string, options?: BrowserContextOptions) => Promise<Visit> {
  let browser: Browser | undefined
  const isMissing = !existsSync(CHROMIUM)
  beforeAll(async () => {
    if (isMissing && process.env['SPILLWAY_PAGE_MUST_RUN'] === undefined) return
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS, timeout: 60_000 })
  }, 70_000)
  afterAll(() => browser?.close())
  beforeEach(({ skip }) => skip(browser === undefined, `${CHROMIUM} is missing: apt-get install chromium`))

  return async (base, options = {}) => {
    const context = await browser!.newContext({ viewport: { width: 1440, height: 900 }, ...options })
    onTestFinished(() => context.close())
    const page = await context.newPage()
    page.setDefaultTimeout(40_000)
    const faults: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text())
    })
    page.on('pageerror', (error) => faults.push(String(error.stack)))
    page.on('request', (request) => {
      if (!request.url().startsWith(base) && !request.url().startsWith('data:')) faults.push(request.url())
    })
    await page.goto(`${base}/`)
    return {
      page,
      faults,
      screenshot: async (name) => {
        mkdirSync(SCREENSHOTS, { recursive: true })
        await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) })
      },
    }
  }
}

/** The page in a real browser, before the real API over a made-up service. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { describe, expect, test, vi } from 'vitest'
import type { Mode } from '../../src/model/mode.ts'
import { DECISION, GOBGP_DOWN, OVERRIDE_ID, REPORT } from '../api/fake-view.ts'
import { useBrowser } from './browser.ts'
import { startFakeService, TOKEN } from './fake-service.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const PHONE = { viewport: { width: 360, height: 740 } }
const SOON = { timeout: 15_000 }
const ALARM = {
  kind: 'session_down',
  router: 'edge2',
  interface: undefined,
  sinceMs: Date.now() - 65_000,
  message: 'GoBGP has no BGP session with edge2',
} as const

// On a busy machine a browser takes its time.
vi.setConfig({ testTimeout: 90_000 })

const visit = useBrowser()

/** What is wrong for those who read by ear, by keyboard or with tired eyes: WCAG 2.2 A and AA. */
async function findBarriers(page: Page): Promise<string[]> {
  await page.evaluate(AXE)
  const found = await page.evaluate(`axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] })`)
  const { violations } = found as { violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`))
}

const scrollsSideways = (page: Page): Promise<boolean> =>
  page.evaluate('document.documentElement.scrollWidth > innerWidth')

describe('at a glance', () => {
  test('all is there, for everybody, in light and dark, and from here alone', async () => {
    const service = await startFakeService()
    service.state.alarms = [ALARM]
    const { page, faults, screenshot } = await visit(service.base, { colorScheme: 'light' })
    const row = page.getByRole('row', { name: 'transit-a' }).first()
    await expect.poll(() => row.textContent(), SOON).toMatch(/90 %.*95 %.*85 %.*high/)
    await expect.poll(() => page.getByRole('region', { name: 'Alarms' }).textContent()).toMatch(
      /session down edge2 for 1 min.*no BGP session with edge2/,
    )
    const detours = page.getByRole('region', { name: /^Detours/ })
    expect(await detours.textContent()).toMatch(/edge1 transit-a → transit-b 2 detours, 200 Mbps/)
    expect(await detours.getByRole('row', { name: '198.51.100.128/25' }).textContent()).toContain('transit-a is too full')
    expect(await detours.getByRole('row', { name: '198.51.7.0/24' }).textContent()).toContain('only planned')
    expect(await page.getByRole('region', { name: 'Decisions' }).textContent()).toContain(DECISION.reason)
    const routers = page.getByRole('region', { name: 'Routers' })
    expect(await routers.getByRole('row', { name: 'edge1' }).textContent()).toMatch(/✓ up.*fresh/)
    expect(await routers.getByRole('row', { name: 'edge2' }).textContent()).toMatch(/✕ down.*nothing heard yet/)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await screenshot(`overview-${colorScheme}`)
      expect(await findBarriers(page)).toEqual([])
    }
    expect(faults).toEqual([])
  })

  test('what is decided, begins and ends is there within seconds, without asking', async () => {
    const service = await startFakeService()
    const { page } = await visit(service.base)
    await page.getByText('no alarm').waitFor()
    service.state.alarms = [ALARM]
    service.state.report = { ...REPORT, routers: REPORT.routers.map((r) => ({ ...r, overrides: [] })) }
    service.cycle([{ ...DECISION, id: DECISION.id + 1, atMs: Date.now(), reason: 'a reason that is new' }])
    await page.getByText('a reason that is new').waitFor()
    await page.getByText('no detour · 1 alarm').waitFor()
    await page.getByText('all traffic goes where BGP alone puts it').waitFor()
    service.state.alarms = []
    service.cycle()
    await page.getByText('no alarm').waitFor()
  })

  test('each mode with nothing detoured is told in words', async () => {
    let mode: Mode = 'off'
    const service = await startFakeService({ mode: () => mode })
    service.state.report = { ...REPORT, routers: REPORT.routers.map((r) => ({ ...r, overrides: [] })) }
    const { page } = await visit(service.base)
    for (const [next, words] of [
      ['off', /Off everything withdrawn.*None: Spillway is off/],
      ['dry_run', /Dry-run decides, and sends nothing.*none planned/],
      ['frozen', /Frozen keeps what is installed.*none is added while frozen/],
    ] as const) {
      mode = next
      await expect.poll(() => page.locator('body').textContent(), SOON).toMatch(words)
    }
  })

  test('before the first cycle, with no GoBGP, it says what is not known', async () => {
    const service = await startFakeService({ report: () => undefined, gobgp: () => [GOBGP_DOWN], decisions: async () => [] })
    const { page, faults, screenshot } = await visit(service.base)
    await page.getByRole('row', { name: 'transit-b' }).first().getByText('stale').waitFor()
    expect(await page.getByRole('region', { name: 'Routers' }).textContent()).toContain('nothing heard yet')
    expect(await page.getByRole('region', { name: 'Decisions' }).textContent()).toContain('None yet')
    await screenshot('nothing-known')
    expect(faults).toEqual([])
  })

  test('colours follow the system, or the switch, and are kept; the wall has large type', async () => {
    const service = await startFakeService()
    const { page, screenshot } = await visit(service.base, { colorScheme: 'light', viewport: { width: 1920, height: 1080 } })
    const ground = (): Promise<string> => page.evaluate('getComputedStyle(document.body).backgroundColor')
    const light = await ground()
    await page.emulateMedia({ colorScheme: 'dark' })
    await expect.poll(ground).not.toBe(light)
    await page.emulateMedia({ colorScheme: 'light' })
    await expect.poll(ground).toBe(light)
    const colours = page.getByRole('button', { name: /^Colours/ })
    await colours.click()
    expect(await ground()).toBe(light)
    await colours.click()
    expect(await ground()).not.toBe(light)
    await page.getByRole('button', { name: 'Wall' }).click()
    await page.reload()
    expect(await ground()).not.toBe(light)
    const figure = page.locator('.interfaces .share').first()
    await figure.waitFor()
    // 5 m away one reads letters of 2 cm: 34 of the 1080 lines of a screen that is 68 cm high.
    expect(await page.evaluate("Number.parseFloat(getComputedStyle(document.querySelector('.interfaces .share')).fontSize)")).toBeGreaterThan(34)
    await screenshot('wall')
  })
})

describe('closer', () => {
  test('an interface: its trend, figures, detours and top prefixes; then one prefix and its story', async () => {
    const service = await startFakeService()
    const { page, faults, screenshot } = await visit(service.base)
    await page.getByRole('link', { name: 'edge1 transit-a' }).click()
    await page.getByRole('heading', { name: 'edge1 transit-a' }).waitFor()
    expect(await page.evaluate('document.activeElement.textContent')).toContain('edge1 transit-a')
    await page.getByRole('figure').getByText('carried at most 900 Mbps').waitFor()
    expect(await page.locator('.chart canvas').count()).toBe(1)
    const top = page.getByRole('region', { name: 'Top prefixes' })
    expect(await top.getByRole('row').nth(1).textContent()).toContain('300 Mbps')
    await screenshot('interface')
    expect(await findBarriers(page)).toEqual([])
    await page.getByRole('region', { name: /^Detours/ }).getByRole('link', { name: '198.51.100.128/25' }).click()
    await page.getByRole('heading', { name: 'edge1 198.51.100.128/25' }).waitFor()
    await page.getByRole('region', { name: 'Received paths' }).getByText('64502 64501').waitFor()
    const story = await page.locator('main').textContent()
    expect(story).toMatch(/100 Mbps from 100 samples/)
    expect(story).toMatch(/198\.51\.100\.128\/26.*198\.51\.100\.192\/26/)
    expect(story).toMatch(/from transit-a to transit-b.*transit-a is too full/)
    expect(story).toContain(DECISION.reason)
    await screenshot('prefix')
    expect(await findBarriers(page)).toEqual([])
    await page.goBack()
    await page.getByRole('heading', { name: 'edge1 transit-a' }).waitFor()
    expect(faults).toEqual([])
  })

  test('any prefix can be asked for, and a faulty one is refused in words', async () => {
    const service = await startFakeService()
    const { page } = await visit(service.base)
    const ask = page.getByRole('textbox', { name: 'Prefix or address' })
    await ask.fill('203.0.113.9')
    await ask.press('Enter')
    await page.getByRole('heading', { name: 'edge1 203.0.113.9/32' }).waitFor()
    await page.getByRole('link', { name: 'All interfaces' }).click()
    await ask.fill('not a prefix')
    await ask.press('Enter')
    await page.getByText(/parameter prefix/).waitFor()
  })

  test('a phone needs no scrolling sideways, anywhere', async () => {
    const service = await startFakeService()
    service.state.alarms = [ALARM]
    const { page, screenshot } = await visit(service.base, PHONE)
    await page.getByRole('link', { name: 'edge1 transit-a' }).waitFor()
    await screenshot('phone')
    expect(await scrollsSideways(page)).toBe(false)
    for (const hash of ['#/interface/edge1/transit-a', '#/prefix/edge1/2001%3Adb8%3A1111%3A2222%3A3333%3A4444%3A5555%3A6666']) {
      await page.evaluate(`location.hash = '${hash}'`)
      await page.getByRole('link', { name: 'All interfaces' }).waitFor()
      expect(await scrollsSideways(page)).toBe(false)
    }
    await page.getByRole('button', { name: 'Change mode' }).click()
    await page.getByText('Off: everything').click()
    expect(await scrollsSideways(page)).toBe(false)
    await screenshot('phone-dialog')
  })
})

describe('the kill switch', () => {
  test('is reached and turned by keyboard alone, says what will happen, and wants the token', async () => {
    const modes: Mode[] = []
    const service = await startFakeService({
      mode: () => modes.at(-1) ?? 'active',
      setMode: async (mode) => {
        modes.push(mode)
        return { applied: true, left: [{ router: 'edge2', overrides: 3 }] }
      },
    })
    const { page, faults, screenshot } = await visit(service.base)
    await page.getByRole('link', { name: 'edge1 transit-a' }).waitFor()
    const focused = (): Promise<string> => page.evaluate('document.activeElement.textContent')
    for (let i = 0; i < 10 && !(await focused()).startsWith('Change mode'); i++) await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog')
    await dialog.waitFor()
    await page.keyboard.press('Space')
    const told = await dialog.textContent()
    expect(told).toContain('1 override (100 Mbps) is withdrawn within seconds')
    expect(told).toContain('edge1 transit-a will carry about 95 % of its speed, above its high watermark of 80 %')
    expect(await findBarriers(page)).toEqual([])
    await screenshot('kill-switch')
    await page.keyboard.press('Tab')
    await page.keyboard.type('not-the-token')
    await page.keyboard.press('Enter')
    await dialog.getByText('This is not the token. Nothing was changed.').waitFor()
    expect(modes).toEqual([])
    await dialog.getByLabel('Token', { exact: true }).fill(TOKEN)
    await page.keyboard.press('Enter')
    await dialog.getByText('Not all is withdrawn yet: edge2 (3 overrides)').waitFor()
    expect(modes).toEqual(['off'])
    await page.keyboard.press('Escape')
    await page.getByText('everything withdrawn, plain BGP').waitFor()
    expect(await focused()).toMatch(/^Change mode/)
    expect(await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])')).not.toContain(TOKEN)
    // The refusal of the wrong token.
    expect(faults).toEqual([expect.stringContaining('401')])
  })

  test('where the service is gone, it does not say that all is well', async () => {
    const service = await startFakeService()
    const { page } = await visit(service.base)
    await page.getByRole('button', { name: 'Change mode' }).click()
    await page.getByText('Frozen: keeps').click()
    await page.getByLabel('Token', { exact: true }).fill(TOKEN)
    await service.stop()
    await page.getByRole('button', { name: 'Freeze now' }).click()
    await page.getByText('it is not known whether it was changed').waitFor()
  })
})

describe('by hand', () => {
  test('a prefix is pinned and an override withdrawn, and what a guard says is shown', async () => {
    const asked: unknown[] = []
    const service = await startFakeService({
      pin: async (order) => {
        asked.push(order)
        return asked.length === 1 ? { kind: 'refused', why: 'it is on the deny list' } : { kind: 'pending', id: 'x', why: 'not yet' }
      },
      withdraw: async (id, forMs) => {
        asked.push({ id, forMs })
        return { kind: 'withdrawn', untilMs: Date.now() }
      },
    })
    const { page } = await visit(service.base)
    await page.getByRole('link', { name: '198.51.100.128/25' }).first().click()
    await page.getByRole('button', { name: 'Pin it' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Leads to').selectOption('transit-b')
    await dialog.getByLabel('For').selectOption('2 hours')
    await dialog.getByText('(100 Mbps) leaves by transit-b for 2 hours').waitFor()
    await dialog.getByLabel('Token', { exact: true }).fill(TOKEN)
    await page.keyboard.press('Enter')
    await dialog.getByText('Refused: it is on the deny list').waitFor()
    await page.keyboard.press('Enter')
    await dialog.getByText('not yet').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Withdraw 198.51.100.128/25' }).click()
    await dialog.getByText('back to transit-a').waitFor()
    await dialog.getByLabel('Token', { exact: true }).fill(TOKEN)
    await page.keyboard.press('Enter')
    await dialog.getByText('198.51.100.128/25 is withdrawn.').waitFor()
    expect(asked).toMatchObject([
      { router: 'edge1', toInterface: 'transit-b', ttlMs: 7_200_000 },
      { toInterface: 'transit-b' },
      { id: OVERRIDE_ID, forMs: 1_800_000 },
    ])
  })
})

describe('what is old is called old', () => {
  test('a service that is gone is told at once; back again, all is right again', async () => {
    const service = await startFakeService()
    const { page, screenshot } = await visit(service.base)
    await page.getByRole('region', { name: /^Detours/ }).getByText('198.51.7.0/24').waitFor()
    await service.stop()
    await page.getByRole('alert').getByText(/^OLD: the service does not answer/).waitFor({ timeout: 8_000 })
    await page.getByText(/^\d\d:\d\d:\d\d \d s old/).waitFor()
    await screenshot('lost')
    const next = await startFakeService({}, Number(new URL(service.base).port))
    next.state.report = { ...REPORT, routers: REPORT.routers.map((r) => ({ ...r, overrides: r.overrides.slice(0, 1) })) }
    await page.getByText('live', { exact: false }).first().waitFor()
    await expect.poll(() => page.getByRole('alert').first().textContent(), SOON).toBe('')
    await expect.poll(() => page.getByText('198.51.7.0/24').count(), SOON).toBe(0)
  })

  test('a service that takes connections and says nothing more is told, too', async () => {
    const service = await startFakeService()
    const { page } = await visit(service.base)
    await page.getByText('live', { exact: false }).first().waitFor()
    // Nothing is refused and nothing comes, as behind a cable that was pulled.
    await page.context().route('**/api/**', () => {})
    service.state.runs = false
    await page.getByRole('alert').getByText(/^OLD/).waitFor({ timeout: 15_000 })
    await page.context().unroute('**/api/**')
    service.state.runs = true
    await expect.poll(() => page.getByRole('alert').first().textContent(), { timeout: 40_000 }).toBe('')
  })

  test('after an upgrade the page of the new version is fetched', async () => {
    const service = await startFakeService()
    const { page } = await visit(service.base)
    await page.getByText('live', { exact: false }).first().waitFor()
    await service.stop()
    await page.getByRole('alert').getByText(/^OLD/).waitFor()
    await page.route(`${service.base}/`, (route) =>
      route.fulfill({ contentType: 'text/html', body: '<title>the next version</title>' }),
    )
    await startFakeService({}, Number(new URL(service.base).port))
    await expect.poll(() => page.title(), SOON).toBe('the next version')
  })
})

/** 200 interfaces and 1,000 overrides, all of them different in every cycle: how much work that is for the page. */
import { expect, test } from 'vitest'
import type { CycleReport, InterfaceReport, OverrideReport, RouterReport } from '../../src/controller/report.ts'
import { overrideId } from '../../src/model/override.ts'
import { parsePrefix } from '../../src/model/prefix.ts'
import type { Router } from '../../src/model/topology.ts'
import { REPORT, ROUTERS } from '../api/fake-view.ts'
import { useBrowser } from './browser.ts'
import { startFakeService } from './fake-service.ts'

const ROUTER_COUNT = 20
const INTERFACES_EACH = 10
const OVERRIDES_EACH = 50

/** Of a page's main thread per update, by its own CPU clock: a busy machine does not change it much. */
const MOST_MS = 250
const WATCHED_MS = 5_000

const visit = useBrowser()

const nameOf = (router: number): string => `edge${router + 1}`
const topology: readonly Router[] = Array.from({ length: ROUTER_COUNT }, (_, r) => ({
  ...ROUTERS[0]!,
  name: nameOf(r),
  interfaces: Array.from({ length: INTERFACES_EACH }, (_, i) => ({
    ...ROUTERS[0]!.interfaces[0]!, router: nameOf(r), name: `et-0/0/${i}`, ifIndex: i + 1,
  })),
}))

/** Loads and rates of a moment. */
function reportAt(step: number): Omit<CycleReport, 'startedMs'> {
  return { ...REPORT, routers: topology.map((router, r) => routerAt(router, r, step)) }
}

function routerAt({ name, interfaces }: Router, r: number, step: number): RouterReport {
  const like = REPORT.routers[0]!
  const wave = (i: number): number => 0.5 + 0.45 * Math.sin(r * 3 + i + step / 5)
  return {
    ...like,
    name,
    interfaces: interfaces.map((one, i): InterfaceReport => ({
      ...like.interfaces[0]!,
      ...one,
      speedBps: 1e11,
      traffic: { ...like.interfaces[0]!.traffic, name: one.name, outBps: wave(i) * 1e11, speedBps: 1e11 },
      naturalBps: wave(i) * 1.2e11,
      plannedBps: wave(i) * 1.05e11,
      state: wave(i) > 0.8 ? 'high' : 'ok',
    })),
    overrides: Array.from({ length: OVERRIDES_EACH }, (_, i): OverrideReport => {
      const { override } = like.overrides[0]!
      const own = {
        ...override,
        router: name,
        prefix: parsePrefix(`10.${r}.${i}.0/24`),
        fromInterface: `et-0/0/${i % 5}`,
        toInterface: `et-0/0/${5 + (i % 5)}`,
      }
      return { id: overrideId(own), override: own, state: 'installed', movedShare: 1, bps: 1e8 * (1 + ((i + step) % 7)) }
    }),
  }
}

test('the page keeps up with a cycle a second, and all that is not shown is found', { timeout: 240_000 }, async () => {
  const service = await startFakeService({ routers: () => topology })
  service.state.report = reportAt(0)
  let step = 0
  service.beforeCycle(() => (service.state.report = reportAt((step += 1))))
  const { page, faults, screenshot } = await visit(service.base, { viewport: { width: 1920, height: 1080 } })
  await page.getByText('1,000 detours', { exact: false }).first().waitFor({ timeout: 60_000 })
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const busySeconds = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics')
    return metrics.find(({ name }) => name === 'TaskDuration')!.value
  }
  const perUpdate = async (): Promise<number> => {
    const before = await busySeconds()
    await page.waitForTimeout(WATCHED_MS)
    return ((await busySeconds()) - before) * 1_000 / (WATCHED_MS / 1_000)
  }
  const first = await perUpdate()
  expect(await page.locator('.interfaces tbody tr').count()).toBe(40)
  await screenshot('many')
  await page.getByRole('button', { name: 'Show all 200 interfaces' }).click()
  await page.getByRole('button', { name: 'Show all 1,000 detours' }).click()
  await page.getByRole('row', { name: '10.19.49.0/24' }).waitFor()
  const all = await perUpdate()
  process.stdout.write(`main thread per update: ${first.toFixed(0)} ms as it opens, ${all.toFixed(0)} ms with all rows shown\n`)
  expect(first).toBeLessThan(MOST_MS)
  expect(all).toBeLessThan(2 * MOST_MS)

  await page.getByRole('searchbox', { name: /^Filter detours/ }).fill('edge7 10.6.33')
  await expect.poll(() => page.locator('.detours tbody tr').count()).toBe(2)
  await page.getByRole('searchbox', { name: /^Filter interfaces/ }).fill('edge20 et-0/0/9')
  await expect.poll(() => page.locator('.interfaces tbody tr').count()).toBe(1)
  expect(faults).toEqual([])
})

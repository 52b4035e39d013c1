/** The rush hour of the demo, seen through the page: real gobgpd, the service as it is, a real browser. */
import { onTestFinished, expect, test } from 'vitest'
import { EXITS, flowsAt, QUIET_LEVEL, renderServiceConfig } from '../../src/demo/demo-edge.ts'
import { awaitReady } from '../../src/demo/play.ts'
import { createRestClient } from '../../src/demo/rest-client.ts'
import { startStage } from '../../src/demo/stage.ts'
import { useBrowser } from './browser.ts'

const TOKEN = 'of-this-rush-hour'
const STEP = { timeout: 90_000 }

const visit = useBrowser()

test('an interface passes its mark, a detour with its reason relieves it, the kill switch ends it', { timeout: 400_000 }, async () => {
  const ending = new AbortController()
  const stage = await startStage({
    exits: EXITS,
    renderConfig: (ports) => renderServiceConfig(ports, TOKEN, false),
    onDeath: (what) => ending.abort(new Error(what)),
  })
  onTestFinished(() => stage.stop())
  const rest = createRestClient(stage.restBase)
  await stage.edge.tell({ kind: 'set_flows', flows: flowsAt(QUIET_LEVEL) })
  await awaitReady(rest, ending.signal)

  const { page, faults, screenshot } = await visit(stage.restBase)
  const text = (selector: string): Promise<string> => page.locator(selector).innerText()
  const peer = page.locator('.interfaces').getByRole('row', { name: 'edge1 peer' })
  const percent = async (column: string): Promise<number> =>
    Number.parseInt(await peer.locator(`[data-label="${column}"]`).innerText(), 10)
  await expect.poll(() => percent('Natural'), STEP).toBeLessThan(50)
  expect(await text('.detours')).toContain('None: all traffic goes where BGP alone puts it.')

  await stage.edge.tell({ kind: 'set_flows', flows: flowsAt(1) })
  await expect.poll(() => percent('Natural'), STEP).toBeGreaterThan(80)
  await page.getByRole('region', { name: 'Detours' }).getByText('edge1 peer → transit').waitFor(STEP)
  const detour = page.locator('.detours tbody tr').nth(1)
  expect(await detour.innerText()).toMatch(/4\.0\.\d\.\d+\/2\d.*above its high watermark/s)
  await expect.poll(() => percent('Measured'), STEP).toBeLessThan(75)
  await expect.poll(() => peer.innerText(), STEP).toContain('relieved')
  await expect.poll(() => percent('Natural'), STEP).toBeGreaterThan(75)
  expect(await text('.decisions')).toMatch(/relieve.*above its high watermark/s)
  await screenshot('rush-hour')

  const turn = async (choice: RegExp, button: string): Promise<void> => {
    await page.getByRole('button', { name: 'Change mode' }).click()
    await page.getByRole('radio', { name: choice }).check()
    await page.getByLabel('Token', { exact: true }).fill(TOKEN)
    await page.getByRole('button', { name: button }).click()
    await page.getByRole('dialog').getByRole('status').waitFor(STEP)
    await page.getByRole('button', { name: 'Close' }).click()
  }
  await turn(/^Off/, 'Withdraw everything now')
  await page.getByText('None: Spillway is off').waitFor(STEP)
  expect(await rest.overrides()).toEqual([])
  await turn(/^Active/, 'Steer live traffic')
  await expect.poll(() => page.locator('.detours tbody tr').count(), STEP).toBeGreaterThan(1)

  await stage.edge.tell({ kind: 'set_flows', flows: flowsAt(QUIET_LEVEL) })
  await page.getByText('None: all traffic goes where BGP alone puts it.').waitFor(STEP)
  expect(await text('.decisions')).toContain('release')
  await screenshot('after-the-rush')
  expect(faults).toEqual([])
  ending.signal.throwIfAborted()
})

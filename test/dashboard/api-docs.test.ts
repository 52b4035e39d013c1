/** The page that shows openapi.json, in a real browser. */
import { expect, test, vi } from 'vitest'
import { useBrowser } from './browser.ts'
import { startFakeService } from './fake-service.ts'

// On a busy machine a browser takes its time.
vi.setConfig({ testTimeout: 90_000 })

const visit = useBrowser()

test('the API is shown at /api/docs, with all of a route, and from here alone', async () => {
  const service = await startFakeService()
  const { page, faults, screenshot } = await visit(service.base)
  const answer = await page.goto(`${service.base}/api/docs`)
  expect(answer!.headers()['content-security-policy']).toMatch(/default-src 'none'; script-src 'self';/)
  await page.getByText('Pins a prefix to an exit by hand, for a while').first().click()
  await page.getByText('It may fill the exit up to its high watermark').first().waitFor()
  await screenshot('api-docs')
  expect(faults).toEqual([])
})

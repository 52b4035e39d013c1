/** The command `withdraw`: all our overrides straight out of GoBGP, whether the service lives or not. */
import { pino } from 'pino'
import { createBgp } from './bgp/bgp.ts'
import { loadOrReport } from './config/load-or-report.ts'
import { messageOf } from './model/error-message.ts'
import { formatPrefix } from './model/prefix.ts'
import { monotonicClock } from './monotonic-clock.ts'

const CONNECT_TIMEOUT_MS = 10_000
const POLL_MS = 50

export async function withdrawCommand(file: string): Promise<number> {
  const config = loadOrReport(file, process.env, (text) => process.stderr.write(text))
  if (config === undefined) return 2
  const { routers, bgp: settings } = config
  const bgp = createBgp({ routers, ...settings, clock: monotonicClock, logger: pino({ level: 'silent' }) })
  await bgp.start()
  try {
    const deadlineMs = monotonicClock() + CONNECT_TIMEOUT_MS
    while (bgp.status().some(({ connected }) => !connected) && monotonicClock() < deadlineMs) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
    let failed = false
    for (const { name } of routers) {
      try {
        const overrides = await bgp.list(name)
        await Promise.all(overrides.map(({ prefix }) => bgp.withdraw({ router: name, prefix })))
        process.stdout.write(`${name}: ${overrides.length} overrides withdrawn\n`)
        for (const { prefix } of overrides) process.stdout.write(`  ${formatPrefix(prefix)}\n`)
      } catch (error) {
        failed = true
        process.stderr.write(`${name}: ${messageOf(error)}\n`)
      }
    }
    return failed ? 1 : 0
  } finally {
    await bgp.stop()
  }
}

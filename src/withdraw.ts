/** The command `withdraw`: all our overrides straight out of GoBGP, whether the service lives or not. */
import { pino } from 'pino'
import { createBgp } from './bgp/bgp.ts'
import { ConfigError } from './config/config-error.ts'
import { loadConfig } from './config/load-config.ts'
import { formatPrefix } from './model/prefix.ts'

const CONNECT_TIMEOUT_MS = 10_000
const POLL_MS = 50

export async function withdrawCommand(file: string): Promise<number> {
  let config
  try {
    config = loadConfig(file, process.env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    return 2
  }
  const { routers, bgp: settings } = config
  const clock = (): number => performance.timeOrigin + performance.now()
  const bgp = createBgp({ routers, ...settings, clock, logger: pino({ level: 'silent' }) })
  await bgp.start()
  try {
    const deadlineMs = clock() + CONNECT_TIMEOUT_MS
    while (bgp.status().some(({ connected }) => !connected) && clock() < deadlineMs) {
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
        process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`)
      }
    }
    return failed ? 1 : 0
  } finally {
    await bgp.stop()
  }
}

import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'

const COLLECTOR = new URL('../../src/collector/collector.ts', import.meta.url).href

/** Without /proc, as on other systems, nobody tells the descriptor of a socket. */
const PROGRAM = `
import { createCollector } from '${COLLECTOR}'
const quiet = { info: () => undefined, warn: ({ reason }) => reason && console.log(reason) }
const clock = () => performance.now()
const collector = createCollector({ listen: { host: '127.0.0.1', port: 0 }, windowMs: 30_000, workers: 1, routers: [], clock, logger: quiet })
await collector.start()
console.log(JSON.stringify(collector.stats.reception))
await collector.stop()
`

it.skipIf(process.getuid?.() !== 0)('where threads cannot read sockets, datagrams are events, and that is told', () => {
  const node = [process.execPath, '--input-type=module', '-e', PROGRAM]
  const hidden = ['--mount', 'sh', '-c', 'mount -t tmpfs none /proc && exec "$@"', 'sh', ...node]
  const [reason, reception] = execFileSync('unshare', hidden, { encoding: 'utf8' }).trim().split('\n')
  expect(reason).toContain('/proc/self/fd')
  expect(JSON.parse(reception!)).toMatchObject({ way: 'events', workers: 0 })
})

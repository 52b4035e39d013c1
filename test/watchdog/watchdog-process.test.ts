/** The watchdog as a process of its own, where there is nothing to guard. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { WatchdogSettings } from '../../src/watchdog/watchdog.ts'

const PROGRAM = fileURLToPath(new URL('../../src/watchdog/watchdog-process.ts', import.meta.url))
const SETTINGS: WatchdogSettings = { targets: [], marker: 1, leaseMs: 3_000 }

test('when its service is gone it ends, in order and without a word of error', { timeout: 30_000 }, async () => {
  const watchdog = fork(PROGRAM, [JSON.stringify(SETTINGS)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] })
  const complaints = text(watchdog.stderr!)
  const ended = once(watchdog, 'exit')
  watchdog.disconnect()
  try {
    expect(await ended).toEqual([0, null])
    expect(await complaints).toBe('')
  } finally {
    watchdog.kill('SIGKILL')
  }
})

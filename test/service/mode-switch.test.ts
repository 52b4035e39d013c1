import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Controller } from '../../src/controller/controller.ts'
import type { Mode } from '../../src/model/mode.ts'
import { createModeSwitch, type ModeHandover, type ModeSwitch } from '../../src/service/mode-switch.ts'

let folder: string
const started: ModeSwitch[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-mode-'))
})
afterEach(() => {
  for (const one of started.splice(0)) one.stop()
  rmSync(folder, { recursive: true })
})

/** Its controller only keeps the mode. */
function start(file: string, before?: ModeHandover): ModeSwitch {
  const overrides = { list: () => Promise.resolve([]) }
  const modeSwitch = createModeSwitch({ file, dryRun: false, routers: [], overrides, logger: pino({ level: 'silent' }) }, before)
  let mode: Mode = modeSwitch.initial
  const controller = { mode: () => mode, setMode: (next: Mode) => Promise.resolve(void (mode = next)) }
  modeSwitch.start(controller as unknown as Controller)
  started.push(modeSwitch)
  return modeSwitch
}

test('a kill switch that could not be kept outlives a reload all the same', async () => {
  const file = join(folder, 'missing', 'mode')
  const first = start(file)
  await expect(first.set('off')).rejects.toThrow('will not survive a restart')
  const second = start(file, first.handover())
  expect(second.initial).toBe('off')
  expect(start(file, second.handover()).initial).toBe('off')
})

test('whoever edits dry_run means it', () => {
  const file = join(folder, 'mode')
  expect(start(file, { mode: 'dry_run', isKept: false, dryRun: false }).initial).toBe('dry_run')
  expect(start(file, { mode: 'dry_run', isKept: false, dryRun: true }).initial).toBe('active')
})

test('once it could be kept again, the file counts', async () => {
  const file = join(folder, 'mode')
  const modeSwitch = start(file, { mode: 'off', isKept: false, dryRun: false })
  await modeSwitch.set('frozen')
  writeFileSync(file, '{"mode":"active","dry_run":false}\n')
  expect(start(file, modeSwitch.handover()).initial).toBe('active')
})

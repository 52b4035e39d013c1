import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'vitest'
import { createLogOutput } from '../../src/process/log-output.ts'
import { until } from '../simulator/until.ts'

let folder: string
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'spillway-log-'))))
afterEach(() => rmSync(folder, { recursive: true }))

test('lines come out whole and in order', async () => {
  const file = join(folder, 'log')
  const fd = openSync(file, 'w')
  const output = createLogOutput(fd)
  const lines = Array.from({ length: 1000 }, (_, n) => `line ${n} é\n`)
  for (const line of lines) output.write(line)
  await until('all is written', () => readFileSync(file, 'utf8') === lines.join(''))
  closeSync(fd)
})

test('what a stalled reader does not take is kept up to a bound, and told when the rest was lost', async () => {
  const file = join(folder, 'log')
  const fd = openSync(file, 'w')
  const output = createLogOutput(fd)
  const line = `${'x'.repeat(2 ** 20 - 1)}\n`
  // Nothing is written before this function yields.
  for (let n = 0; n < 8; n++) output.write(line)
  await until('the loss is told', () => readFileSync(file, 'utf8').includes('"lost":3,'))
  closeSync(fd)
})

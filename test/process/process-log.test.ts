import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createProcessLog } from '../../src/process/process-log.ts'
import { until } from '../simulator/until.ts'

let folder: string
let file: string
let fd: number
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-log-'))
  file = join(folder, 'log')
  fd = openSync(file, 'w')
})
afterEach(() => {
  closeSync(fd)
  rmSync(folder, { recursive: true })
})

/** Every line, when the last one is there. */
async function lines(last: string): Promise<string[]> {
  await until(`"${last}" is written`, () => readFileSync(file, 'utf8').includes(last))
  return readFileSync(file, 'utf8').trimEnd().split('\n')
}

test('a level that changes holds for children of before and of after', async () => {
  const log = await createProcessLog({ fd, isTerminal: false, colorize: false, level: 'warn' })
  const before = log.logger.child({ part: 'before' })
  const grandchild = before.child({ router: 'edge1' })
  before.info('not yet')
  log.setLevel('debug')
  const after = log.logger.child({ part: 'after' })
  for (const logger of [log.logger, before, grandchild, after]) logger.debug('now')
  log.setLevel('error')
  for (const logger of [log.logger, before, grandchild, after]) logger.warn('no more')
  log.logger.error('end')
  const told = (await lines('end')).map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(told.map(({ msg, part, router }) => [msg, part, router])).toEqual([
    ['now', undefined, undefined],
    ['now', 'before', undefined],
    ['now', 'before', 'edge1'],
    ['now', 'after', undefined],
    ['end', undefined, undefined],
  ])
  expect(log.level()).toBe('error')
})

test('a terminal gets one line for people: time, level, message, fields', async () => {
  const { logger } = await createProcessLog({ fd, isTerminal: true, colorize: false, level: 'info' })
  logger.child({ part: 'controller' }).info({ router: 'edge1', kind: 'relieve', prefix: '198.51.100.0/24' }, 'decision')
  logger.info('end')
  expect((await lines('end'))[0]).toMatch(
    /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] INFO: decision \{"router":"edge1","kind":"relieve","prefix":"198\.51\.100\.0\/24"\}$/,
  )
})

test('in color, where it is wanted', async () => {
  const { logger } = await createProcessLog({ fd, isTerminal: true, colorize: true, level: 'info' })
  logger.warn('end')
  expect((await lines('end'))[0]).toContain('\u001B[33mWARN')
})

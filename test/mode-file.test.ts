import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MODES } from '../src/model/mode.ts'
import { readMode, writeMode } from '../src/mode-file.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-mode-'))
  file = join(folder, 'spillway.yaml.mode')
})
afterEach(() => rmSync(folder, { recursive: true }))

test('without a file the configuration decides', () => {
  expect(readMode(file, true)).toBe('dry_run')
  expect(readMode(file, false)).toBe('active')
})

test.each(MODES)('%s survives a restart', (mode) => {
  for (const dryRun of [true, false]) {
    writeMode(file, mode, dryRun)
    expect(readMode(file, dryRun)).toBe(mode)
  }
})

test('after controller.dry_run was edited, it decides; but frozen and off hold', () => {
  for (const [mode, then] of [['active', 'dry_run'], ['dry_run', 'dry_run'], ['frozen', 'frozen'], ['off', 'off']] as const) {
    writeMode(file, mode, false)
    expect(readMode(file, true)).toBe(then)
  }
  writeMode(file, 'dry_run', true)
  expect(readMode(file, false)).toBe('active')
})

test.each(['', '{', '"off"', '{"mode":"of","dry_run":false}', '{"mode":"off"}'])('a file that holds %j is an error', (text) => {
  writeFileSync(file, text)
  expect(() => readMode(file, false)).toThrow(`${file} should hold the mode but does not`)
})

test('a file that cannot be read is an error, never the configuration', () => {
  expect(() => readMode(folder, false)).toThrow('EISDIR')
})

test('it is written in one step, and nothing else is left', () => {
  writeMode(file, 'off', false)
  writeMode(file, 'active', false)
  expect(readdirSync(folder)).toEqual(['spillway.yaml.mode'])
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ mode: 'active', dry_run: false })
})

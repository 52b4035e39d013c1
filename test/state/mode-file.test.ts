import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MODES, type Mode } from '../../src/model/mode.ts'
import { createModeFile } from '../../src/state/mode-file.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-mode-'))
  file = join(folder, 'spillway.yaml.mode')
})
afterEach(() => rmSync(folder, { recursive: true }))

const readMode = (dryRun: boolean): Mode => createModeFile(file, dryRun).read()
const writeMode = (mode: Mode, dryRun: boolean): void => createModeFile(file, dryRun).write(mode)

test('without a file the configuration decides', () => {
  expect(readMode(true)).toBe('dry_run')
  expect(readMode(false)).toBe('active')
})

test.each(MODES)('%s survives a restart', (mode) => {
  for (const dryRun of [true, false]) {
    writeMode(mode, dryRun)
    expect(readMode(dryRun)).toBe(mode)
  }
})

test('after controller.dry_run was edited, it decides; but frozen and off hold', () => {
  for (const [mode, then] of [['active', 'dry_run'], ['dry_run', 'dry_run'], ['frozen', 'frozen'], ['off', 'off']] as const) {
    writeMode(mode, false)
    expect(readMode(true)).toBe(then)
  }
  writeMode('dry_run', true)
  expect(readMode(false)).toBe('active')
})

const NONSENSE = ['', '{', '"off"', '{"mode":"of","dry_run":false}', '{"mode":"off"}']

test.each(NONSENSE)('a file that holds %j is an error', (text) => {
  writeFileSync(file, text)
  expect(() => readMode(false)).toThrow(`${file} should hold the mode but does not`)
})

test('a file that cannot be read is an error, never the configuration', () => {
  expect(() => createModeFile(folder, false).read()).toThrow('EISDIR')
})

test('it is written in one step, nothing else is left, and everybody can read it', () => {
  const umask = process.umask(0o077)
  writeMode('off', false)
  writeMode('active', false)
  process.umask(umask)
  expect(readdirSync(folder)).toEqual(['spillway.yaml.mode'])
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ mode: 'active', dry_run: false })
  expect(statSync(file).mode & 0o777).toBe(0o644)
})

test('what others write is news once, what we write is none', () => {
  const modeFile = createModeFile(file, false)
  expect(modeFile.read()).toBe('active')
  expect(modeFile.readNews()).toBeUndefined()
  writeMode('off', false)
  expect(modeFile.readNews()).toBe('off')
  expect(modeFile.readNews()).toBeUndefined()
  modeFile.write('active')
  expect(modeFile.readNews()).toBeUndefined()
  expect(modeFile.fault).toBeUndefined()
})

test.each(NONSENSE)('a file that comes to hold %j is a fault and no news, until it is mended', (text) => {
  const modeFile = createModeFile(file, false)
  modeFile.write('frozen')
  writeFileSync(file, text)
  for (let look = 0; look < 2; look++) {
    expect(modeFile.readNews()).toBeUndefined()
    expect(modeFile.fault).toContain('should hold the mode but does not')
  }
  writeMode('frozen', false)
  expect(modeFile.readNews()).toBe('frozen')
  expect(modeFile.fault).toBeUndefined()
})

test('a file that goes, or cannot be read any more, is a fault and no news', () => {
  const modeFile = createModeFile(file, false)
  modeFile.write('off')
  rmSync(file)
  expect(modeFile.readNews()).toBeUndefined()
  expect(modeFile.fault).toContain('not there any more')
  mkdirSync(file)
  expect(modeFile.readNews()).toBeUndefined()
  expect(modeFile.fault).toContain('EISDIR')
  rmSync(file, { recursive: true })
  writeMode('off', false)
  expect(modeFile.readNews()).toBeUndefined()
  expect(modeFile.fault).toBeUndefined()
})

test('what cannot be written is an error, and the mode stays', () => {
  writeMode('frozen', false)
  const modeFile = createModeFile(join(folder, 'nowhere', 'file'), false)
  expect(() => modeFile.write('off')).toThrow('ENOENT')
  expect(readMode(false)).toBe('frozen')
})

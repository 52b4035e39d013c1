import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { takeOwner } from '../../src/state/owner-file.ts'

let folder: string
let file: string
let other: ChildProcess | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-owner-'))
  file = join(folder, 'spillway.yaml.owner')
})
afterEach(() => {
  other?.kill('SIGKILL')
  chmodSync(folder, 0o755)
  rmSync(folder, { recursive: true })
})

interface Kept {
  owner: string
  process: { pid: number; started: string; boot: string; namespace: string }
}
const kept = (): Kept => JSON.parse(readFileSync(file, 'utf8')) as Kept

test('the name is kept from one start to the next', () => {
  const first = takeOwner(file)
  expect(first.name).toMatch(/^[0-9a-f]{16}$/)
  expect(takeOwner(file)).toEqual({ name: first.name, unkept: undefined })
  expect(takeOwner(`${file}.other`).name).not.toBe(first.name)
})

test('another process that lives keeps it; one that only has its id does not', () => {
  const { name } = takeOwner(file)
  other = spawn('sleep', ['60'])
  const stat = readFileSync(`/proc/${other.pid}/stat`, 'utf8').split(' ')
  const living = { ...kept().process, pid: other.pid!, started: stat[21]! }
  const write = (process: Kept['process']): void => writeFileSync(file, JSON.stringify({ owner: name, process }))
  write(living)
  expect(() => takeOwner(file)).toThrow(`process ${other.pid} runs with this configuration already`)
  for (const gone of [{ started: '1' }, { boot: 'another' }, { namespace: 'pid:[1]' }, { pid: 2 ** 30 }]) {
    write({ ...living, ...gone })
    expect(takeOwner(file).name).toBe(name)
  }
})

test('a name that is in the file outlives a full disk', () => {
  const { name } = takeOwner(file)
  // What root, too, cannot write: the place of the next file is taken.
  mkdirSync(`${file}.new`)
  expect(takeOwner(file)).toEqual({ name, unkept: expect.stringContaining('EISDIR') as string })
})

test('a file that is damaged or cannot be written costs the name and nothing else', () => {
  writeFileSync(file, '{"owner": "nobody"')
  expect(takeOwner(file)).toMatchObject({ unkept: undefined })
  const nowhere = takeOwner(join(folder, 'no-such-folder', 'x'))
  expect(nowhere.name).toMatch(/^[0-9a-f]{16}$/)
  expect(nowhere.unkept).toContain('ENOENT')
})

import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ensureGobgpd, type Machine } from '../../src/demo/ensure-gobgpd.ts'

let folder: string
let machine: Machine
const said: string[] = []
const say = (text: string): void => void said.push(text)

/** A command that notes how it was called, then runs `script`. */
function provide(name: string, script: string): void {
  const note = `echo "$DEBIAN_FRONTEND ${name} $*" >> ${folder}/calls`
  writeFileSync(join(folder, name), `#!/bin/sh\n${note}\n${script}\n`)
  chmodSync(join(folder, name), 0o755)
}

function calls(): string[] {
  const file = join(folder, 'calls')
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-test-'))
  said.length = 0
  machine = { env: { PATH: folder }, isDebian: true, isRoot: true, hasSystemd: true }
  provide('systemctl', '')
})

afterEach(() => rmSync(folder, { recursive: true }))

test('a gobgpd on PATH is all it takes', async () => {
  provide('gobgpd', '')
  await ensureGobgpd({ ...machine, isDebian: false, isRoot: false }, say)
  expect(said).toEqual([])
  expect(calls()).toEqual([])
})

test('installs it on Debian as root, says so, and sends the package\'s own service away', async () => {
  provide('apt-get', `case "$1" in install) : > ${folder}/gobgpd; /bin/chmod +x ${folder}/gobgpd;; esac`)
  await ensureGobgpd(machine, say)
  expect(said.join()).toContain('gobgpd is missing; installing it')
  expect(calls()).toEqual([
    'noninteractive apt-get update',
    'noninteractive apt-get install -y --no-install-recommends gobgpd',
    'noninteractive systemctl disable --now gobgpd.service',
  ])
})

test('leaves systemd alone where there is none', async () => {
  provide('apt-get', `: > ${folder}/gobgpd; /bin/chmod +x ${folder}/gobgpd`)
  await ensureGobgpd({ ...machine, hasSystemd: false }, say)
  expect(calls().join()).not.toContain('systemctl')
})

test('tells the line that installs it to who may not', async () => {
  await expect(ensureGobgpd({ ...machine, isRoot: false }, say))
    .rejects.toThrow('this installs it: sudo apt-get install -y --no-install-recommends gobgpd')
  await expect(ensureGobgpd({ ...machine, isDebian: false }, say))
    .rejects.toThrow('https://github.com/osrg/gobgp/releases')
  expect(calls()).toEqual([])
})

test('an installation that fails is told with its output', async () => {
  provide('apt-get', 'echo "no network" >&2; exit 100')
  await expect(ensureGobgpd(machine, say)).rejects.toThrow(/apt-get update failed:\nno network/)
  provide('apt-get', '')
  await expect(ensureGobgpd(machine, say)).rejects.toThrow('still missing')
})

/** The units and containers: as far as they can be judged without running them. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { validate } from 'dockerfile-utils'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseConfig } from '../src/config/load-config.ts'

const read = (name: string): string => readFileSync(fileURLToPath(new URL(`../packaging/${name}`, import.meta.url)), 'utf8')
const readDocument = (name: string): string => readFileSync(fileURLToPath(new URL(`../docs/${name}`, import.meta.url)), 'utf8')
const UNITS = ['spillway.service', 'spillway-watchdog.service']
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0
const NEEDS_SYSTEMD = 'systemd is missing: apt-get install systemd'
/** What systemd calls OK ends at 4.9; docs/install.md tells this figure. */
const MOST_EXPOSED = 1.3

test('systemd finds nothing wrong with the units', ({ skip }) => {
  skip(!hasSystemd, NEEDS_SYSTEMD)
  const folder = mkdtempSync(join(tmpdir(), 'spillway-units-'))
  try {
    for (const unit of UNITS) {
      // Neither the program nor its users are on this machine.
      const text = read(unit).replaceAll('/usr/bin/spillway', '/bin/true').replaceAll(/^(User|Group)=.*$/gm, '$1=daemon')
      writeFileSync(join(folder, unit), text)
    }
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', ...UNITS.map((unit) => join(folder, unit))], { encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test.each(UNITS)('%s is as hardened as the documents say', (unit) => {
  const path = fileURLToPath(new URL(`../packaging/${unit}`, import.meta.url))
  const { stdout } = spawnSync('systemd-analyze', ['security', '--no-pager', '--offline=true', path], { encoding: 'utf8' })
  const [, exposure] = /Overall exposure level for \S+: ([\d.]+)/.exec(stdout) ?? []
  if (exposure === undefined) return expect(hasSystemd ? stdout : NEEDS_SYSTEMD).toBe(NEEDS_SYSTEMD)
  expect(Number(exposure)).toBeLessThanOrEqual(MOST_EXPOSED)
  expect(readDocument('install.md')).toContain(`${MOST_EXPOSED} of 10`)
})

test('the users are ones that systemd-sysusers makes', ({ skip }) => {
  skip(!hasSystemd, NEEDS_SYSTEMD)
  const root = mkdtempSync(join(tmpdir(), 'spillway-users-'))
  try {
    mkdirSync(join(root, 'etc'))
    const conf = fileURLToPath(new URL('../packaging/sysusers.conf', import.meta.url))
    const { status, stderr } = spawnSync('systemd-sysusers', [`--root=${root}`, conf], { encoding: 'utf8' })
    expect({ status, stderr }).toMatchObject({ status: 0 })
    const made = readFileSync(join(root, 'etc/passwd'), 'utf8')
    for (const unit of UNITS) expect(made).toContain(`${/^User=(.*)$/m.exec(read(unit))![1]!}:`)
  } finally {
    rmSync(root, { recursive: true })
  }
})

test('the kernel grants the receive buffer that the configuration asks for by default', () => {
  const minimal = 'bgp: { marker_community: "64512:100" }\nrouters: [{ name: edge1, address: 10.0.0.1, interfaces: [{ name: peer, ifindex: 1, address: 172.16.0.0/31 }] }]'
  const { receiveBufferBytes } = parseConfig(minimal, 'spillway.yaml', {}).sflow
  expect(read('sysctl.conf')).toContain(`\nnet.core.rmem_max = ${receiveBufferBytes}\n`)
})

test('a service that hangs is started again well within its lease', () => {
  const [seconds] = /(?<=^WatchdogSec=)\d+$/m.exec(read('spillway.service'))!
  const lease = parse(readFileSync(fileURLToPath(new URL('../config/spillway.yaml', import.meta.url)), 'utf8')) as { controller: { lease: string } }
  expect(lease.controller.lease).toBe('60s')
  expect(Number(seconds)).toBeLessThanOrEqual(30)
})

test('what ends the service leaves its watchdog, which both come back', () => {
  const [service, watchdog] = UNITS.map(read) as [string, string]
  expect(service).toContain('KillMode=process')
  expect(service).toContain('spillway run -c ')
  expect(watchdog).toContain('spillway watchdog -c ')
  for (const unit of [service, watchdog]) expect(unit).toContain('Restart=always')
  expect(watchdog).not.toMatch(/^(Requires|BindsTo|PartOf)=/m)
})

/** What of the unit in Debian's gobgpd 3.10 the drop-in must not leave as it is. */
const DEBIANS = [
  'ConditionPathExists=/etc/gobgpd.conf',
  'ExecStartPre=/usr/bin/gobgpd -f /etc/gobgpd.conf -d',
  'ExecStart=/usr/bin/gobgpd -f /etc/gobgpd.conf --sdnotify --disable-stdlog --syslog yes $GOBGPD_OPTIONS',
  'ExecReload=/usr/bin/gobgpd -r',
]

test("the drop-in takes all of Debian's gobgpd.service that names another file, and keeps its type, notify", () => {
  const lines = read('gobgpd.service.d/spillway.conf').split('\n')
  // An empty assignment takes back what was assigned before (systemd.unit(5)).
  for (const line of DEBIANS) expect(lines).toContain(line.replace(/=.*/, '='))
  expect(lines.filter((line) => line.startsWith('Type='))).toEqual([])
  expect(lines.filter((line) => /^ExecStart=./.test(line))).toEqual([expect.stringContaining(' --sdnotify ')])
  expect(lines).toContain('StartLimitIntervalSec=0')
})

test('the Containerfile has no fault that a linter finds', () => {
  expect(validate(read('Containerfile'))).toEqual([])
})

interface Container {
  readonly build: { readonly target: string }
  readonly command?: readonly string[]
  readonly restart: string
  readonly read_only: boolean
  readonly cap_drop: readonly string[]
  readonly volumes: readonly string[]
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
}
const compose = parse(read('compose.yaml'), { merge: true }) as {
  readonly services: Readonly<Record<string, Container>>
  readonly volumes: Readonly<Record<string, unknown>>
}

test('the watchdog is a container of its own; what writes the configuration of gobgpd ends before gobgpd starts', () => {
  const { services } = compose
  expect(Object.keys(services)).toEqual(['configure', 'gobgpd', 'watchdog', 'service'])
  expect(services['service']!.command![0]).toBe('run')
  expect(services['watchdog']!.command![0]).toBe('watchdog')
  expect(services['gobgpd']!.depends_on).toEqual({ configure: { condition: 'service_completed_successfully' } })
  for (const [name, { restart }] of Object.entries(services)) expect(restart).toBe(name === 'configure' ? 'no' : 'always')
})

test('containers are read-only, without capabilities, of images that the Containerfile has, on volumes that are there', () => {
  for (const { read_only: isReadOnly, cap_drop: dropped, build, volumes } of Object.values(compose.services)) {
    expect({ isReadOnly, dropped }).toEqual({ isReadOnly: true, dropped: ['ALL'] })
    expect(read('Containerfile')).toContain(` AS ${build.target}\n`)
    const named = volumes.map((volume) => volume.split(':')[0]!).filter((source) => !source.startsWith('.'))
    for (const name of named) expect(Object.keys(compose.volumes)).toContain(name)
  }
})

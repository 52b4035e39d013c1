/** What systemd is told, by its own command, and received as it would: from a unix datagram socket. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createSupervisor } from '../../src/process/supervisor.ts'
import { startTied } from '../../src/simulator/tied-process.ts'
import { until } from '../simulator/until.ts'

const SPILLWAY = fileURLToPath(new URL('../../bin/spillway', import.meta.url))
const hasCommand = spawnSync('systemd-notify', ['--version']).status === 0
const NEEDS = 'systemd-notify is missing: apt-get install systemd'
/** Node.js cannot receive datagrams from a unix socket; every Debian has perl. */
const RECEIVER = `use IO::Socket::UNIX; $| = 1;
my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die; print "listening\\n";
while (defined $s->recv(my $m, 4096)) { print "$m\\n" }`

let folder: string
let receiver: ChildProcess
let told = ''
const heard = (what: string): number => told.split('\n').filter((line) => line === what).length

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-notify-'))
  told = ''
  receiver = spawn('perl', ['-e', RECEIVER, join(folder, 'notify')], { stdio: ['ignore', 'pipe', 'inherit'] })
  receiver.stdout!.on('data', (text: Buffer) => (told += String(text)))
  await until('the socket is there', () => told.includes('listening'))
})
afterEach(() => {
  receiver.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

describe('a supervisor', () => {
  test('hears that we are ready, live and stop; and no more of life when there is none', async ({ skip }) => {
    skip(!hasCommand, NEEDS)
    let isAlive = true
    const env = { NOTIFY_SOCKET: join(folder, 'notify'), WATCHDOG_USEC: '600000' }
    const supervisor = createSupervisor(env, pino({ level: 'silent' }))
    supervisor.ready(() => isAlive)
    await until('ready', () => heard('READY=1') === 1)
    await until('two signs of life', () => heard('WATCHDOG=1') >= 2)
    isAlive = false
    supervisor.stopping()
    await until('the end', () => heard('STOPPING=1') === 1)
    const signs = heard('WATCHDOG=1')
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(heard('WATCHDOG=1')).toBeLessThanOrEqual(signs + 1)
  })

  test('that is none is told nothing', () => {
    const supervisor = createSupervisor({ WATCHDOG_USEC: '1000' }, pino({ level: 'silent' }))
    supervisor.ready(() => true)
    supervisor.stopping()
    expect(told).toBe('listening\n')
  })
})

test('the service is ready when it listens, gives signs of life with its cycles, and says that it stops', { timeout: 60_000 }, async ({ skip }) => {
  skip(!hasCommand, NEEDS)
  const file = join(folder, 'spillway.yaml')
  writeFileSync(file, `sflow: { listen: "127.0.0.1:0", workers: 0 }
bgp: { gobgp: "127.0.0.1:1" }
routers: [{ name: edge1, address: 10.0.0.1, interfaces: [{ name: peer, ifindex: 1, address: 172.16.0.0/31, speed: 1Gbps }] }]
api: { listen: "127.0.0.1:0" }
`)
  const service = startTied(SPILLWAY, ['run', '-c', file], {
    env: { ...process.env, SPILLWAY_NODE: process.execPath, NOTIFY_SOCKET: join(folder, 'notify'), WATCHDOG_USEC: '1500000' },
  })
  await until('ready', () => heard('READY=1') === 1, 30_000)
  await until('signs of life', () => heard('WATCHDOG=1') >= 3, 30_000)
  service.process.kill('SIGTERM')
  await until('the end', () => heard('STOPPING=1') === 1)
  expect(await service.ended).toBe('exit code 0')
})

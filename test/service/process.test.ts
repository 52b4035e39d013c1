/** Signals and log, and what may go wrong with them, on a service whose gobgpd is away. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findFreePort } from '../../src/simulator/free-port.ts'
import { startTied, type TiedProcess } from '../../src/simulator/tied-process.ts'
import { until } from '../simulator/until.ts'

const HOST = '127.0.0.1'
const SPILLWAY = fileURLToPath(new URL('../../bin/spillway', import.meta.url))
let folder: string
let file: string
let apiPort: number
let service: TiedProcess

const configure = (port: number, intervalS = 1): void =>
  writeFileSync(
    file,
    `sflow: { listen: "${HOST}:0", workers: 0 }
bgp: { gobgp: "${HOST}:1", marker_community: "64512:100" }
routers: [{ name: edge1, address: 10.0.0.1, interfaces: [{ name: peer, ifindex: 1, address: 172.16.0.0/31, speed: 1Gbps }] }]
api: { listen: "${HOST}:${port}" }
controller: { interval: ${intervalS}s }
`,
  )
const isAlive = async (): Promise<boolean> => {
  const request = { signal: AbortSignal.timeout(2000) }
  return (await fetch(`http://${HOST}:${apiPort}/healthz`, request).catch(() => undefined))?.ok === true
}

const start = async (command: string, args: readonly string[]): Promise<void> => {
  service = startTied(command, args, { env: { ...process.env, SPILLWAY_NODE: process.execPath } })
  await until('the service listens', isAlive)
}
const restart = async (...how: Parameters<typeof start>): Promise<void> => {
  await service.stop()
  await start(...how)
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-reload-'))
  file = join(folder, 'spillway.yaml')
  apiPort = await findFreePort(HOST)
  configure(apiPort)
  await start(SPILLWAY, ['run', '-c', file])
})
afterEach(async () => {
  await service.stop()
  rmSync(folder, { recursive: true })
})

test('a configuration that cannot be put to work is not taken, and the service goes on', async () => {
  const other = createServer().listen(0, HOST)
  await once(other, 'listening')
  const { port } = other.address() as { port: number }
  configure(port)
  service.process.kill('SIGHUP')
  await until('it says why', () => service.output.includes(`the API cannot listen on ${HOST} port ${port}`))
  await until('the service listens again', isAlive)
  expect(service.process.exitCode).toBeNull()
  other.close()
})

test('SIGTERM does not wait for a storm of SIGHUPs', async () => {
  let printed = ''
  service.process.stdout!.on('data', (text: string) => (printed += text))
  for (let n = 0; n < 200; n++) {
    configure(apiPort, 1 + (n % 2))
    service.process.kill('SIGHUP')
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  const killedMs = Date.now()
  service.process.kill('SIGTERM')
  expect(await service.ended).toBe('exit code 0')
  const reloads = printed.split('\n').filter((line) => line.includes('configuration read again'))
  // One was under way, and one more may have begun before the signal arrived.
  const after = reloads.filter((line) => Date.parse((JSON.parse(line) as { time: string }).time) > killedMs)
  expect(after.length).toBeLessThanOrEqual(2)
})

test('a full disk under the log holds up nothing', async () => {
  await restart('sh', ['-c', `exec "${SPILLWAY}" run -c "${file}" > /dev/full`])
  service.process.kill('SIGHUP')
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(await isAlive()).toBe(true)
  service.process.kill('SIGTERM')
  expect(await service.ended).toBe('exit code 0')
})

test('a reader of the log that stalls holds up nothing', async () => {
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK)
  await restart('sh', ['-c', `exec "${SPILLWAY}" run -c "${file}" > "${pipe}"`])
  // Each time it tells the fault, and a pipe holds 64 KiB.
  writeFileSync(file, `${'x'.repeat(4000)}: 1\n`)
  for (let n = 0; n < 100; n++) {
    service.process.kill('SIGHUP')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await until('the service still answers', isAlive)
  closeSync(reader)
  service.process.kill('SIGTERM')
  expect(await service.ended).toBe('exit code 0')
})

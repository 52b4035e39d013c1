/** SIGHUP and what may go wrong with it, on a service whose gobgpd is away. */
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findFreePort } from '../../src/simulator/gobgpd.ts'
import { startTied, type TiedProcess } from '../../src/simulator/tied-process.ts'
import { until } from '../simulator/until.ts'

const HOST = '127.0.0.1'
const SPILLWAY = fileURLToPath(new URL('../../bin/spillway', import.meta.url))
let folder: string
let file: string
let apiPort: number
let service: TiedProcess

const configure = (port: number): void =>
  writeFileSync(
    file,
    `sflow: { listen: "${HOST}:0" }
bgp: { gobgp: "${HOST}:1", marker_community: "64512:100" }
routers: [{ name: edge1, address: 10.0.0.1, interfaces: [{ name: peer, ifindex: 1, address: 172.16.0.0/31, speed: 1Gbps }] }]
api: { listen: "${HOST}:${port}" }
`,
  )
const isAlive = async (): Promise<boolean> =>
  (await fetch(`http://${HOST}:${apiPort}/healthz`).catch(() => undefined))?.ok === true

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-reload-'))
  file = join(folder, 'spillway.yaml')
  apiPort = await findFreePort(HOST)
  configure(apiPort)
  service = startTied(SPILLWAY, ['run', '-c', file], { env: { ...process.env, SPILLWAY_NODE: process.execPath } })
  await until('the service listens', isAlive)
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
    service.process.kill('SIGHUP')
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  service.process.kill('SIGTERM')
  expect(await service.ended).toBe('exit code 0')
  expect(printed.match(/configuration read again/g)?.length ?? 0).toBeLessThan(100)
})

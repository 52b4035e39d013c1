import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createConnection, createServer, type Socket } from 'node:net'
import { pipeline } from 'node:stream'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { pino } from 'pino'
import { afterEach, expect, test } from 'vitest'
import { connectGobgp } from '../../../src/bgp/wire/connect-gobgp.ts'
import { createBgp, type Bgp } from '../../../src/bgp/bgp.ts'
import { renderGobgpdConfig } from '../../../src/bgp/gobgpd-config.ts'
import { parseAddress, parsePrefix } from '../../../src/model/prefix.ts'
import { parseCommunity } from '../../../src/model/route.ts'
import { findFreePort } from '../../../src/simulator/free-port.ts'
import { startGobgpd } from '../../../src/simulator/gobgpd.ts'
import { ASN, attributes, GOBGP_ADDRESS, GOBGP_ROUTER_ID, until } from '../edge.ts'
import { GOBGPD_3, gobgpd4 } from '../gobgpds.ts'

const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

function connect(target: string): ReturnType<typeof connectGobgp> {
  return connectGobgp(target, AbortSignal.timeout(20_000))
}

async function configOf(): Promise<string> {
  return renderGobgpdConfig({
    asn: ASN, routerId: GOBGP_ROUTER_ID, listenPort: await findFreePort(GOBGP_ADDRESS),
    localAddresses: [parseAddress(GOBGP_ADDRESS)], neighbors: [],
    marker: parseCommunity('64512:100'),
  })
}

async function createClient(target: string): Promise<Bgp> {
  const bgp = createBgp({
    routers: ['rtr1', 'rtr2'].map((name, i) => ({ name, address: parseAddress(`127.0.0.${3 + i}`), gobgp: target })),
    localPref: 500, marker: parseCommunity('64512:100'), clock: Date.now, logger: pino({ level: 'silent' }),
  })
  cleanups.push(() => bgp.stop())
  await bgp.start()
  return bgp
}

/** A gRPC server with one method of one reply. */
async function serve(path: string, reply: Buffer): Promise<string> {
  const plain = (bytes: Buffer): Buffer => bytes
  const method = {
    path, requestStream: false, responseStream: false, requestSerialize: plain, requestDeserialize: plain,
    responseSerialize: plain, responseDeserialize: plain,
  } as const
  const server = new Server()
  server.addService({ method }, { method: (_: unknown, answer: (error: null, bytes: Buffer) => void) => answer(null, reply) })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)))
  })
  cleanups.push(() => server.forceShutdown())
  return `127.0.0.1:${port}`
}

test('a gobgpd that is away at first is found when it comes', async () => {
  const apiPort = await findFreePort('127.0.0.1')
  const target = `127.0.0.1:${apiPort}`
  const bgp = await createClient(target)
  await expect(bgp.list('rtr1')).rejects.toThrow(`gobgpd at ${target} is not connected`)
  expect(bgp.status()).toMatchObject([{ target, connected: false, apiVersion: undefined }])
  expect(bgp.status()[0]!.lastError).toBe(`gobgpd at ${target}: GetBgp: connect ECONNREFUSED ${target}`)
  expect(bgp.session('rtr1')).toEqual({ up: false, synced: false })
  expect(bgp.longestMatch('rtr1', parseAddress('203.0.113.1'))).toBeUndefined()
  const gobgpd = await startGobgpd({ config: await configOf(), apiPort })
  cleanups.push(() => gobgpd.stop())
  await until('it is connected', () => bgp.status()[0]!.connected)
  expect(await bgp.list('rtr2')).toEqual([])
  // None of the routers is a peer there.
  await until('the tables are in place', () => bgp.stats()[0]!.resyncs === 1)
  // It answers and is new: what it has not heard of the router is not gone yet.
  expect(bgp.session('rtr1')).toEqual({ up: false, synced: false, awaitsOpen: true })
  expect(await bgp.peers(target)).toEqual([])
})

test('a gobgpd is reached over a unix socket, too', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-bgp-'))
  cleanups.push(() => rm(folder, { recursive: true }))
  const path = join(folder, 'gobgp.sock')
  const gobgpd = await startGobgpd({ config: await configOf() })
  cleanups.push(() => gobgpd.stop())
  const proxy = createServer((socket) => {
    const onward = createConnection(Number(gobgpd.api.split(':')[1]), '127.0.0.1')
    // How either end hangs up is no matter here.
    pipeline(socket, onward, socket, () => {})
  }).listen(path)
  cleanups.push(() => proxy.close())
  await once(proxy, 'listening')
  const { server, close } = await connect(`unix:${path}`)
  expect(server).toEqual({ asn: ASN, routerId: GOBGP_ROUTER_ID })
  close()
})

test('a gobgpd of another version behind the same address is found out', async ({ skip }) => {
  if (typeof gobgpd4 === 'string') return skip(gobgpd4)
  const apiPort = await findFreePort('127.0.0.1')
  const config = await configOf()
  const bgp = await createClient(`127.0.0.1:${apiPort}`)
  const key = { router: 'rtr1', prefix: parsePrefix('203.0.113.0/24') }
  for (const { dialect: { version }, gobgpd: command } of [GOBGPD_3, gobgpd4, GOBGPD_3]) {
    const gobgpd = await startGobgpd({ config, apiPort, command })
    cleanups.push(() => gobgpd.stop())
    await until(`${version} is connected`, () => bgp.stats()[0]!.resyncs > 0 && bgp.status()[0]!.connected)
    expect(bgp.status()[0]!.apiVersion).toBe(version)
    expect(await bgp.list('rtr1')).toEqual([])
    await bgp.add({
      ...key, parentPrefix: key.prefix, fromInterface: 'swp1', toInterface: 'swp2', follows: attributes('172.16.0.2'),
      sinceMs: 1_800_000_000_000, reason: 'a test',
    }, 3)
    expect(await bgp.list('rtr1')).toMatchObject([key])
    await gobgpd.kill('SIGKILL')
    await until(`${version} is missed`, () => !bgp.status()[0]!.connected)
    expect(bgp.status()[0]!.apiVersion).toBeUndefined()
  }
})

test.each(['apipb.GobgpApi', 'api.GoBgpService'])('a gobgpd that has not started BGP is told so: %s', async (service) => {
  const target = await serve(`/${service}/GetBgp`, Buffer.from([0x0a, 0x00]))
  await expect(connect(target)).rejects.toThrow('has not started BGP')
})

test('a server that is no gobgpd is refused', async () => {
  await expect(connect(await serve('/some.Other/Call', Buffer.alloc(0)))).rejects.toThrow(/GetBgp/)
})

test('a server that never answers holds nobody up for long, least of all stop', async () => {
  const sockets: Socket[] = []
  const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const bgp = await createClient(`127.0.0.1:${(server.address() as { port: number }).port}`)
  await until('it tries', () => sockets.length > 0)
  const begunMs = Date.now()
  await Promise.all([expect(bgp.list('rtr1')).rejects.toThrow('is not connected'), bgp.stop()])
  expect(Date.now() - begunMs).toBeLessThan(1_000)
})

test('routers that are not configured are a fault of the caller', async () => {
  const bgp = await createClient(`127.0.0.1:${await findFreePort('127.0.0.1')}`)
  expect(() => bgp.session('rtr9')).toThrow('"rtr9" is configured')
  expect(() => bgp.covering('rtr9', parsePrefix('10.0.0.0/8'))).toThrow('"rtr9" is configured')
})

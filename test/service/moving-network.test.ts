/** The network moves, and the override follows or goes. One story in order; at the end it prints how long each took. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectGobgp, type GobgpConnection } from '../../src/bgp/wire/connect-gobgp.ts'
import { TABLE } from '../../src/bgp/wire/gobgp-dialect.ts'
import { encodeWithdrawal, withdrawRpc, writePath } from '../../src/bgp/wire/gobgp-paths.ts'
import { GOBGP_V3 } from '../../src/bgp/wire/gobgp-v3.ts'
import { createGrpcChannel, type GrpcChannel } from '../../src/bgp/wire/grpc-channel.ts'
import { formatAddress, formatPrefix, parseAddress, parsePrefix, prefixOf } from '../../src/model/prefix.ts'
import { formatAsPath, type PathAttributes } from '../../src/model/route.ts'
import { attributes } from '../bgp/edge.ts'
import { renderRpkiServer, startRtrCache, type RtrCache } from '../bgp/rtr-cache.ts'
import { until } from '../simulator/until.ts'
import { MBPS, startLab, type Lab } from './lab.ts'

const INTERVAL_S = 3
/** No change waits for the next cycle. */
const SOON_MS = 2900
/** What GoBGP does not tell is looked for every 2 s. */
const SEEN_MS = 6000
const MOVED = '1.0.0.0/24'
const STAYING = ['2.0.0.0/24', '3.0.0.0/24', '4.0.0.0/24']
/** What the peer with the transit's routes has besides; they vanish with it. */
const MANY = Array.from({ length: 3000 }, (_, i) => formatPrefix(prefixOf({ ...parseAddress('20.0.0.0'), w0: 0x14000000 + i * 256 }, 24)))
const OWNER = 64999
const NAMES = ['peer', 'transit', 'backup'] as const
type Exit = (typeof NAMES)[number]

/** A path by the exit; the peer is preferred, then the transit. */
function by(exit: Exit, rest: Partial<PathAttributes> = {}): PathAttributes {
  const i = NAMES.indexOf(exit)
  const asPath = [{ kind: 'sequence' as const, asns: [33010 + i, OWNER] }]
  return { ...attributes(`172.${16 + i}.0.1`, { localPref: 300 - 100 * i, asPath }), ...rest }
}

let cache: RtrCache
let lab: Lab
let router: GrpcChannel
let gobgp: GobgpConnection
const took: string[] = []
const late: string[] = []

beforeAll(async () => {
  cache = await startRtrCache([])
  const exits = NAMES.map((name, i) => ({
    name, ifIndex: 3 + i, speedBps: 100 * MBPS, nextHops: [`172.${16 + i}.0.1`, `172.${16 + i}.0.2`], localPref: 100,
    asPath: [33010 + i], prefixes: [],
  }))
  lab = await startLab({ exits, linkLength: 29, gobgpdConfig: renderRpkiServer(cache), maxPrefixLength: 24 })
  lab.configure({ interval: `${INTERVAL_S}s`, stale_after: '8s', withdraw_after: '16s' })
  router = createGrpcChannel(lab.edgeGobgp.api)
  gobgp = await connectGobgp(lab.gobgp.api, new AbortController().signal)
  await announceAll(NAMES)
  await lab.startService()
  lab.edge.setFlows([MOVED, ...STAYING].map((prefix, i) => ({ to: prefix.replace('.0/24', '.1'), bps: (i === 0 ? 26 : 20) * MBPS, packetBytes: 1000 })))
  await untilAt('transit')
}, 90_000)

afterAll(async () => {
  process.stdout.write(`${took.join('\n')}\n`)
  router?.close()
  gobgp?.close()
  await lab?.stop()
  await cache?.stop()
})

async function announce(prefix: string, exit: Exit, rest: Partial<PathAttributes> = {}): Promise<void> {
  const path = { ...writePath(parsePrefix(prefix), by(exit, rest)), identifier: NAMES.indexOf(exit) }
  await router.call(GOBGP_V3.addPath, { table_type: TABLE.global, path })
}
async function withdraw(prefix: string, exit: Exit): Promise<void> {
  await router.call(withdrawRpc(GOBGP_V3), encodeWithdrawal(GOBGP_V3, parsePrefix(prefix), NAMES.indexOf(exit)))
}
/** The router numbers paths as they come. */
async function announceAll(order: readonly Exit[]): Promise<void> {
  for (const exit of order) await announce(MOVED, exit)
  for (const prefix of STAYING) await announce(prefix, 'peer')
}

type Found = { readonly text: string; readonly attributes: PathAttributes } | undefined

/** The override as GoBGP has it, `NEXT HOP by AS PATH`. */
async function override(): Promise<Found> {
  const [path] = await gobgp.api.listLocal(4, [parsePrefix(MOVED)])
  return path && { text: `${formatAddress(path.attributes.nextHop)} by ${formatAsPath(path.attributes.asPath)}`, attributes: path.attributes }
}
const untilAt = (exit: Exit): Promise<boolean> =>
  until(`${MOVED} is led to the ${exit}`, async () => {
    const { nextHop, asPath } = by(exit)
    return (await override())?.text === `${formatAddress(nextHop)} by ${formatAsPath(asPath)}`
  }, 40_000)

/** Makes the move, and expects the override to be as it should soon after. */
async function moves(what: string, move: () => Promise<unknown>, becomes: (found: Found) => boolean, withinMs = SOON_MS): Promise<void> {
  const begunMs = performance.now()
  await move()
  await until(`after "${what}"`, async () => becomes(await override()))
  const elapsedMs = performance.now() - begunMs
  took.push(`${String(Math.round(elapsedMs)).padStart(6)} ms  ${what}`)
  if (elapsedMs > withinMs) late.push(what)
}
const isGone = (found: unknown): boolean => found === undefined
const leadsTo = (nextHop: string) => (found: Found): boolean => found?.text.startsWith(`${nextHop} `) === true

test('the followed path changes: next hop, AS path, MED and ORIGIN are taken over', async () => {
  await moves('its next hop changes to another on the same interface: it follows', () =>
    announce(MOVED, 'transit', { nextHop: parseAddress('172.17.0.2') }), leadsTo('172.17.0.2'))
  await moves('its AS path, MED and ORIGIN change: it follows', () =>
    announce(MOVED, 'transit', { med: 7, origin: 2, asPath: [{ kind: 'sequence', asns: [33011, 33011, OWNER] }] }), (found) =>
    found?.text === `172.17.0.1 by 33011 33011 ${OWNER}` && found.attributes.med === 7 && found.attributes.origin === 2)
  await announce(MOVED, 'transit')
  await untilAt('transit')
}, 60_000)

test('the followed path goes: another exit takes over in the same cycle', async () => {
  await moves('its next hop changes to another interface: it is led to the best exit that is left', () =>
    announce(MOVED, 'transit', { nextHop: parseAddress('172.18.0.2') }), leadsTo('172.18.0.2'))
  await announce(MOVED, 'transit')
  await until('it leads to the backup', async () => leadsTo('172.18.0.1')(await override()))
  await untilMeasured()
  await moves('its path is withdrawn: it is led to the next exit', () => withdraw(MOVED, 'backup'), leadsTo('172.17.0.1'))
  await untilMeasured()
  await announce(MOVED, 'backup')
  await moves('the RPKI calls its path invalid: it is led to the next exit', async () => {
    await announce(MOVED, 'backup', { asPath: [{ kind: 'sequence', asns: [33012, 65550] }] })
    cache.announce({ prefix: MOVED, maxLength: 24, asn: 65550 })
  }, leadsTo('172.18.0.1'), SEEN_MS)
  cache.withdraw({ prefix: MOVED, maxLength: 24, asn: 65550 })
  await untilMeasured()
  await withdraw(MOVED, 'transit')
  await moves('its path, the last alternate, is withdrawn: it goes', () => withdraw(MOVED, 'backup'), isGone)
}, 60_000)

/** The edge forwards so, and measurements span nothing else. */
async function untilMeasured(): Promise<void> {
  const begun = performance.now()
  await until('measurements show what is now', () => performance.now() - begun > 3000)
}

/** Off and on again forgets which alternates have come and gone: each is waited for after the second time. */
async function forgetUnsteady(): Promise<void> {
  expect(await lab.setMode('off')).toBe(200)
  expect(await lab.setMode('active')).toBe(200)
}

test('routes around it come and go', async () => {
  await forgetUnsteady()
  await announce(MOVED, 'transit')
  await announce(MOVED, 'backup')
  await untilAt('transit')
  for (const exit of ['peer', 'transit'] as const) await announce('1.0.0.0/16', exit, { asPath: [{ kind: 'sequence', asns: [33020, OWNER] }] })
  await announce('1.0.0.0/25', 'peer')
  await moves('the route that covers it is withdrawn, a wider one remains: it follows that', async () => {
    for (const exit of NAMES.toReversed()) await withdraw(MOVED, exit)
  }, (found) => found?.text === `172.17.0.1 by 33020 ${OWNER}`)
  await announceAll(NAMES)
  for (const exit of ['peer', 'transit'] as const) await withdraw('1.0.0.0/16', exit)
  await withdraw('1.0.0.0/25', 'peer')
  await untilAt('transit')
  await moves('the natural path is withdrawn, and BGP itself leads where it led: it goes', () => withdraw(MOVED, 'peer'), isGone)
  await announce(MOVED, 'peer')
  await untilAt('transit')
}, 60_000)

test('a peer goes down: thousands of paths with it', async () => {
  await forgetUnsteady()
  await untilAt('transit')
  await withdraw(MOVED, 'backup')
  await Promise.all(MANY.map((prefix) => announce(prefix, 'transit')))
  await until('all are read', async () => (await received()) >= MANY.length)
  await Promise.all(MANY.slice(1).map((prefix) => withdraw(prefix, 'transit')))
  await moves(`its path and ${MANY.length} others are withdrawn: it goes`, async () => {
    await Promise.all([MANY[0]!, MOVED].map((prefix) => withdraw(prefix, 'transit')))
  }, isGone)
  await announceAll(NAMES)
  await untilAt('transit')
}, 60_000)

async function received(): Promise<number> {
  const metrics = await (await fetch(`${lab.base}/metrics`)).text()
  return Number(/^spillway_paths\{router="edge1",family="ipv4"\} (\d+)/m.exec(metrics)?.[1] ?? 0)
}

test('the router reboots: the session goes and comes back, and paths are numbered anew', async () => {
  await forgetUnsteady()
  await untilAt('transit')
  await moves('the session goes: it goes', () => lab.edgeGobgp.kill('SIGKILL'), isGone)
  await lab.edgeGobgp.restart()
  router.close()
  router = createGrpcChannel(lab.edgeGobgp.api)
  await announceAll(NAMES.toReversed())
  await untilAt('transit')
}, 90_000)

test('none of this has waited for the next cycle, but for one, once, where a busy machine held GoBGP up', () => {
  expect(took.length).toBeGreaterThan(8)
  expect(late.slice(1)).toEqual([])
})

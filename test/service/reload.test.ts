/** SIGHUP beside overrides, on two routers with a gobgpd each. One story in order. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectGobgp } from '../../src/bgp/wire/connect-gobgp.ts'
import { parseCommunity } from '../../src/model/route.ts'
import type { Exit } from '../../src/simulator/edge.ts'
import type { Flow } from '../../src/simulator/flow.ts'
import { until } from '../simulator/until.ts'
import { MBPS, readRib, startLab, type Lab, type OverrideJson } from './lab.ts'
import { startSecondRouter, type SecondRouter } from './second-router.ts'

const exit = (name: string, i: number): Exit => ({
  name,
  ifIndex: 3 + i,
  speedBps: 100 * MBPS,
  nextHops: [`172.${16 + i}.0.1`],
  localPref: 200 - 100 * i,
  asPath: [33010 + i],
  prefixes: [1, 2, 3, 4, 5, 6].map((n) => `${n}.0.0.0/24`),
})
const EXITS = [exit('peer', 0), exit('transit', 1)]
const RUSH: Flow[] = [20, 20, 20, 24].map((mbps, i) => ({ to: `${i + 1}.0.0.1`, bps: mbps * MBPS, packetBytes: 1000 }))

let lab: Lab
let second: SecondRouter
/** The configuration of both routers. */
let both: string
beforeAll(async () => {
  lab = await startLab({ exits: EXITS })
  second = await startSecondRouter(lab.file, EXITS)
  both = readFileSync(lab.file, 'utf8')
  await lab.startService()
  lab.edge.setFlows(RUSH)
  second.edge.setFlows(RUSH)
  await bothAreRelieved()
}, 120_000)
afterAll(async () => {
  // A stopped process does not end by SIGTERM.
  if (second !== undefined) process.kill(second.gobgp.pid, 'SIGCONT')
  await lab?.stop()
  await second?.stop()
})

const overrides = (router: string): Promise<readonly OverrideJson[]> => lab.get(`/api/v1/overrides?router=${router}`)
const measured = async (router: string, prefix: string): Promise<number> =>
  (await lab.get<{ bps: number }>(`/api/v1/rates?router=${router}&prefix=${prefix}`)).bps
const held = async (gobgp: Lab['gobgp']): Promise<string[]> => Object.keys(await readRib(gobgp))
const isRelieved = async (router: string, gobgp: Lab['gobgp']): Promise<boolean> =>
  (await overrides(router).catch(() => [])).some((o) => o.state === 'installed') && (await held(gobgp)).length > 0
const bothAreRelieved = (): Promise<boolean> =>
  until('both are relieved', async () => (await isRelieved('edge1', lab.gobgp)) && (await isRelieved('edge2', second.gobgp)), 60_000)

/** The last line of the log with it. Each has its time; of the log only the end is kept. */
const lastSaid = (words: string): string | undefined =>
  lab.service.output.split('\n').findLast((line) => line.includes(words))

/** Sends SIGHUP and waits for what the service says of it. */
async function reload(saying = 'configuration read again'): Promise<void> {
  const before = lastSaid(saying)
  lab.service.process.kill('SIGHUP')
  await until(`it says: ${saying}`, () => lastSaid(saying) !== before, 20_000)
}

/** Watches the first router while something happens: its override must not even flap. */
async function untouched(happening: () => Promise<void>): Promise<void> {
  const before = await overrides('edge1')
  const address = before[0]!.prefix.replace('.0/24', '.1')
  await until('the edge forwards by it', () => lab.edge.exitOf(address) === 'transit')
  const exits = new Set<string | undefined>()
  const watching = setInterval(() => exits.add(lab.edge.exitOf(address)), 20)
  try {
    await happening()
  } finally {
    clearInterval(watching)
  }
  let after: readonly OverrideJson[] = []
  await until('REST answers', async () => (after = await overrides('edge1').catch(() => [])).length > 0)
  const story = (list: readonly OverrideJson[]) => list.map(({ id, since, reason }) => ({ id, since, reason }))
  expect(story(after)).toEqual(story(before))
  expect([...exits]).toEqual(['transit'])
}

test('a file that is faulty, vanished, or a directory changes nothing', () =>
  untouched(async () => {
    const faults: (() => void)[] = [
      () => writeFileSync(lab.file, 'routers: nonsense\n'),
      () => writeFileSync(lab.file, both.slice(0, both.length / 2)),
      () => writeFileSync(lab.file, ''),
      () => rmSync(lab.file),
      () => mkdirSync(lab.file),
    ]
    for (const breakIt of faults) {
      breakIt()
      await reload('the configuration has faults and was not taken')
    }
    rmSync(lab.file, { recursive: true })
    // A good one right behind a bad one: the last one counts.
    writeFileSync(lab.file, 'nonsense')
    lab.service.process.kill('SIGHUP')
    writeFileSync(lab.file, both.replace('min_hold: 3s', 'min_hold: 4s'))
    await reload()
    expect(await held(second.gobgp)).not.toEqual([])
  }), 60_000)

test('where nothing has changed nothing is interrupted; where gobgpds are not concerned no route is read again', async () => {
  await untouched(async () => {
    const watching = new AbortController()
    const stream = (await fetch(`${lab.base}/api/v1/events`, { signal: watching.signal })).body!.getReader()
    await reload('nothing in it has changed')
    // It tells each cycle, and would have ended.
    const endMs = performance.now() + 3000
    while (performance.now() < endMs) expect((await stream.read()).done).toBe(false)
    watching.abort()

    const filled = lastSaid('route tables are in place')
    writeFileSync(lab.file, both.replace('min_hold: 3s', 'min_hold: 4s'))
    await reload()
    await until('it is ready', async () => (await lab.status('/readyz').catch(() => 0)) === 200)
    expect(lastSaid('route tables are in place')).toBe(filled)
  })
}, 60_000)

test('a file that cannot be put to work lets go neither of the lease, which a standby would take, nor of routes, and REST never lacks overrides', async () => {
  const before = (await overrides('edge1')).map(({ id }) => id)
  const [server, socket] = [createServer().listen(0, '127.0.0.1'), createSocket('udp4').bind(0, '127.0.0.1')]
  await Promise.all([once(server, 'listening'), once(socket, 'listening')])
  const { api, close } = await connectGobgp(lab.gobgp.api, new AbortController().signal)
  const seen = { states: new Set<string | undefined>(), overrides: new Set<string>() }
  const sequences = new Set<number | undefined>()
  const watching = new AbortController()
  const poll = async (look: () => Promise<unknown>): Promise<void> => {
    while (!watching.signal.aborted) await look()
  }
  const polling = Promise.all([
    poll(async () => {
      const { lease } = await api.notes(parseCommunity('64512:100')).read()
      seen.states.add(lease?.state)
      sequences.add(lease?.sequence)
    }),
    poll(() => overrides('edge1').then((list) => seen.overrides.add(list.map(({ id }) => id).join()), () => {})),
  ])
  const filled = lastSaid('route tables are in place')
  await untouched(async () => {
    for (const [part, { port }] of [['api', server.address() as AddressInfo], ['sflow', socket.address()]] as const) {
      // A thread finds out later, when REST listens.
      const taken = both.replace('workers: 0', 'workers: 1').replace(new RegExp(`^(${part}: . listen: )"[^"]*"`, 'm'), `$1"127.0.0.1:${port}"`)
      writeFileSync(lab.file, taken)
      await reload('cannot be put to work')
    }
    const { size } = sequences
    await until('the lease is renewed', () => sequences.size > size + 2)
  })
  watching.abort()
  await polling
  close()
  server.close()
  socket.close()
  expect({ states: [...seen.states], overrides: [...seen.overrides] }).toEqual({ states: ['held'], overrides: [before.join()] })
  expect(lastSaid('route tables are in place')).toBe(filled)
  writeFileSync(lab.file, both)
}, 60_000)

test('while it is read, REST never says that there are no overrides, and no scrape lacks them', async () => {
  const before = (await overrides('edge1')).map(({ id }) => id)
  const seen = { overrides: new Set<string>(), scraped: new Set<boolean>() }
  const watching = new AbortController()
  const polling = (async () => {
    while (!watching.signal.aborted) {
      await Promise.all([
        overrides('edge1').then((list) => seen.overrides.add(list.map(({ id }) => id).join()), () => {}),
        fetch(`${lab.base}/metrics`).then((answer) => answer.text()).then((text) => seen.scraped.add(/^spillway_overrides{router="edge1".* 1$/m.test(text)), () => {}),
      ])
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  })()
  // With what measures anew as well: then the first cycle comes a second later.
  for (const [was, is] of [['min_hold: 3s', 'min_hold: 5s'], ['window: 5s', 'window: 6s']] as const) {
    const next = both.replace(was, is)
    expect(next).not.toBe(both)
    writeFileSync(lab.file, next)
    await reload()
    await until('it is ready', async () => (await lab.status('/readyz').catch(() => 0)) === 200)
  }
  watching.abort()
  await polling
  expect({ overrides: [...seen.overrides], scraped: [...seen.scraped] }).toEqual({ overrides: [before.join()], scraped: [true] })
}, 60_000)

test('the level of the log changes, there and back', async () => {
  const saysCycles = (): boolean => /"level":20,.*"msg":"cycle"/.test(lab.service.output)
  const level = async () => (await lab.get<{ level: string }>('/api/v1/log')).level
  writeFileSync(lab.file, both)
  await untouched(async () => {
    expect([saysCycles(), await level()]).toEqual([false, 'info'])
    writeFileSync(lab.file, `${both}log: { level: debug }\n`)
    await reload()
    await until('every cycle is said', saysCycles)
    writeFileSync(lab.file, both)
    await reload()
    expect(await level()).toBe('info')
  })
})

test('a router is removed: its overrides are withdrawn first, and the other router sees nothing of it', async () => {
  await untouched(async () => {
    writeFileSync(lab.file, both.replace(/ {2}- name: edge2[^]*(?=^api:)/m, ''))
    await reload()
    // Before the new configuration works, not some time after.
    expect(await held(second.gobgp)).toEqual([])
    expect(second.edge.exitOf('4.0.0.1')).toBeDefined()
  })
  const decisions = await lab.get<{ kind: string; router: string; reason: string }[]>('/api/v1/decisions')
  expect(decisions.find((d) => d.kind === 'withdraw')).toMatchObject({
    router: 'edge2',
    reason: expect.stringMatching(/edge2 is not configured any more at gobgpd .*, as the configuration was changed/),
  })
  expect(decisions.some((d) => d.router === 'edge1' && d.kind === 'withdraw')).toBe(false)
  await untouched(async () => {
    writeFileSync(lab.file, both)
    await reload()
    await bothAreRelieved()
  })
}, 120_000)

test('an interface is removed: what leads to it is withdrawn first', async () => {
  await untouched(async () => {
    const [first, last] = both.split('  - name: edge2') as [string, string]
    writeFileSync(lab.file, `${first}  - name: edge2${last.replace(/^ {6}- \{ name: transit.*\n/m, '')}`)
    await reload()
    expect(await held(second.gobgp)).toEqual([])
    writeFileSync(lab.file, both)
    await reload()
    await bothAreRelieved()
  })
}, 120_000)

test('gobgpd does not answer: what would have to be withdrawn there refuses the reload, another change is taken', async () => {
  process.kill(second.gobgp.pid, 'SIGSTOP')
  await untouched(async () => {
    writeFileSync(lab.file, both.replace(/ {2}- name: edge2[^]*(?=^api:)/m, ''))
    const startMs = performance.now()
    await reload('cannot take over and was not taken')
    process.stdout.write(`refused in ${((performance.now() - startMs) / 1000).toFixed(1)} s\n`)
    expect((await lab.get<{ routers: unknown[] }>('/api/v1/status')).routers).toHaveLength(2)
    writeFileSync(lab.file, both.replace('min_hold: 3s', 'min_hold: 4s'))
    await reload()
  })
  writeFileSync(lab.file, both)
  process.kill(second.gobgp.pid, 'SIGCONT')
  await bothAreRelieved()
}, 120_000)

test('another marker: nothing with the old one is left behind, and both are relieved again', async () => {
  for (const [now, before] of [[101, 100], [100, 101]] as const) {
    writeFileSync(lab.file, both.replace(':100"', `:${now}"`))
    await reload()
    await bothAreRelieved()
    for (const gobgp of [lab.gobgp, second.gobgp]) {
      const text = JSON.stringify(await readRib(gobgp))
      expect(text).toContain(String(64512 * 65536 + now))
      expect(text).not.toContain(String(64512 * 65536 + before))
    }
  }
}, 120_000)

test('the second router comes to leave by the first one, and both by one contract: they never fill it together, nor lead a prefix in a chain', async () => {
  const sharing = (speed: string): string => {
    const [head, first, last] = both.split('  - name: ') as [string, string, string]
    const transit = (text: string, more: string): string => text.replace(/(name: transit.*) }/, `$1, ${more} }`)
    const routers = [transit(first, 'shared_exit: isp'), transit(last, 'leaves_by: { router: edge1, interface: transit }')]
    return [head.replace('routers:', `shared_exits: [{ name: isp, speed: ${speed} }]\nrouters:`), ...routers].join('  - name: ')
  }
  expect(await lab.setMode('off')).toBe(200)
  // 82 Mbit/s: to move the sixth prefix is enough, and then there is no room for any other. Neither it nor the fifth
  // has been moved before: what has is left in peace for a while.
  const mbps = { 1: 12, 4: 25, 5: 25, 6: 20 }
  const flows = Object.entries(mbps).map(([n, rate]): Flow => ({ ...RUSH[0]!, to: `${n}.0.0.2`, bps: rate * MBPS }))
  for (const { edge } of [lab, second]) edge.setFlows(flows)
  writeFileSync(lab.file, sharing('38Mbps'))
  await reload()
  await until('only these are measured', async () =>
    (await measured('edge1', '3.0.0.1/32')) + (await measured('edge2', '3.0.0.1/32')) === 0, 30_000)
  expect(await lab.setMode('active')).toBe(200)
  const moved = async (router: string) => (await overrides(router)).map(({ prefix, state }) => `${prefix} ${state}`)
  await until('the first is relieved', async () => (await moved('edge1')).join() === '6.0.0.0/24 installed', 30_000)
  const reasons = async () => (await lab.get<{ reason: string }[]>('/api/v1/decisions?router=edge2')).map(({ reason }) => reason)
  await until('the second finds no room', async () => (await reasons()).some((reason) => /no room \(\d/.test(reason)), 30_000)
  expect(await moved('edge2')).toEqual([])
  writeFileSync(lab.file, sharing('100Mbps'))
  await reload()
  await until('the second is relieved', () => isRelieved('edge2', second.gobgp), 30_000)
  await until('its router follows', () => ['4.0.0.2', '5.0.0.2'].some((to) => second.edge.exitOf(to) === 'transit'))
  // The sixth prefix would be less, but the first router moves it on.
  expect(await moved('edge1')).toEqual(['6.0.0.0/24 installed'])
  expect(await moved('edge2')).toEqual([expect.stringMatching(/^[45]\.0\.0\.0\/24 installed$/)])
  writeFileSync(lab.file, both)
  await reload()
}, 120_000)

test('a router whose inbound policy makes its own routes win: found, told, withdrawn, and not tried again', async () => {
  expect(await lab.setMode('off')).toBe(200)
  lab.edge.heedOverrides(false)
  // One prefix that could move, and one that fits nowhere.
  lab.edge.setFlows([{ ...RUSH[0]!, bps: 70 * MBPS }, { ...RUSH[3]!, bps: 16 * MBPS }])
  // What was sent before must not be among what could move.
  await until('only these are measured', async () =>
    (await measured('edge1', '2.0.0.0/7')) + (await measured('edge1', '4.0.0.2/32')) === 0, 30_000)
  expect(await lab.setMode('active')).toBe(200)
  await until('an override is in', async () => (await held(lab.gobgp)).length > 0, 30_000)
  const startMs = performance.now()
  const status = () => lab.get<{ alarms: { kind: string; message: string }[]; routers: { set_aside: { prefix: string }[] }[] }>('/api/v1/status')
  const alarm = async () => (await status()).alarms.find(({ kind }) => ['override_without_effect', 'overrides_ignored'].includes(kind))
  await until('it is told', async () => (await alarm()) !== undefined, 60_000)
  process.stdout.write(`found in ${((performance.now() - startMs) / 1000).toFixed(1)} s: ${(await alarm())!.message}\n`)
  await until('all are withdrawn', async () => (await held(lab.gobgp)).length === 0, 60_000)
  const setAside = (await status()).routers[0]!.set_aside
  expect(setAside.length).toBeGreaterThan(0)
  writeFileSync(lab.file, both.replace('min_hold: 3s', 'min_hold: 4s'))
  await reload()
  await until('it is ready', async () => (await lab.status('/readyz').catch(() => 0)) === 200, 30_000)
  const cycled = performance.now()
  await until('several cycles have passed', () => performance.now() - cycled > 5000)
  expect(await held(lab.gobgp)).toEqual([])
  expect((await status()).routers[0]!.set_aside).toEqual(setAside)
  expect(await isRelieved('edge2', second.gobgp)).toBe(true)
}, 180_000)

test('SIGHUP and SIGTERM at once while gobgpd hangs: it ends in order, and the overrides stay', async () => {
  process.kill(second.gobgp.pid, 'SIGSTOP')
  lab.service.process.kill('SIGHUP')
  lab.service.process.kill('SIGTERM')
  const startMs = performance.now()
  expect(await lab.service.ended).toBe('exit code 0')
  process.stdout.write(`ended in ${((performance.now() - startMs) / 1000).toFixed(1)} s\n`)
  process.kill(second.gobgp.pid, 'SIGCONT')
  expect(await held(second.gobgp)).not.toEqual([])
}, 60_000)

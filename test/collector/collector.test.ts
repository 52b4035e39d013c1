import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { pino } from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import { createCollector, type Collector, type CollectorOptions } from '../../src/collector/collector.ts'
import { parseAddress } from '../../src/model/prefix.ts'
import {
  AGENT, countersSample, datagram, flowSample, frame, ipv4, ipv6, rawHeader, sampledIp, type TestDatagram, type TestFlow,
} from './sflow-datagram.ts'
import { egressInterface, router } from './simulated-link.ts'

const ROUTERS = [
  router([egressInterface({ name: 'swp1', ifIndex: 3 }), egressInterface({ name: 'swp2', ifIndex: 4 })], {
    sflowAgents: [AGENT, parseAddress('2001:db8::5')],
  }),
  router([egressInterface({ router: 'rtr2', name: 'eth0', ifIndex: 3 })], { name: 'rtr2', sflowAgents: [ipv4(10, 1, 4, 2)] }),
]

const started: Collector[] = []

afterEach(async () => {
  await Promise.all(started.splice(0).map((collector) => collector.stop()))
})

/** A running collector with a clock of its own, and what it logs. */
async function startCollector(of: Partial<CollectorOptions> = {}) {
  const time = { ms: 1_000_000 }
  const lines: Record<string, unknown>[] = []
  const logger = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) })
  const collector = createCollector({
    listen: { host: '127.0.0.1', port: 0 }, windowMs: 30_000, routers: ROUTERS, clock: () => time.ms, logger, ...of,
  })
  started.push(collector)
  await collector.start()
  return { collector, time, lines }
}

/** Sends datagrams over a real socket, and waits until all have come. */
async function send(collector: Collector, datagrams: readonly Buffer[], host = '127.0.0.1'): Promise<void> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  const expected = collector.stats.datagrams + datagrams.length
  for (const bytes of datagrams) {
    await new Promise((resolve) => {
      socket.send(bytes, collector.port, host, resolve)
    })
  }
  const deadline = performance.now() + 5000
  while (collector.stats.datagrams < expected) {
    if (performance.now() > deadline) throw new Error(`${collector.stats.datagrams} of ${expected} datagrams came`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  socket.close()
}

function sampleTo(to: ReturnType<typeof ipv4>, of: TestFlow = {}): Buffer {
  return flowSample({ records: [rawHeader(1500, frame(to))], ...of })
}

/** A datagram a second, numbered from 1. */
async function sendSeconds(
  { collector, time }: Awaited<ReturnType<typeof startCollector>>,
  seconds: number,
  samplesAt: (second: number) => Buffer[],
  of: TestDatagram = {},
): Promise<void> {
  for (let second = 1; second <= seconds; second++) {
    time.ms += 1000
    await send(collector, [datagram({ sequence: second, uptimeMs: second * 1000, ...of }, samplesAt(second))])
  }
}

describe('the collector', () => {
  it('turns datagrams from the wire into rates and loads', async () => {
    const running = await startCollector()
    await sendSeconds(running, 8, (second) => [
      sampleTo(ipv4(198, 51, 100, 1), { sequence: second * 2 }),
      sampleTo(ipv6(0x20010db8, 0, 0, 7), { sequence: second * 2 + 1, output: 4, isExpanded: true }),
      countersSample({ sequence: second, outOctets: second * 1_000_000 }),
    ])
    const { collector, time } = running
    const { rates, interfaces, telemetry } = collector.traffic('rtr1', time.ms)
    expect(rates.rows.map(({ address, interfaceIndex, bps }) => [address.family, interfaceIndex, bps])).toEqual([
      [4, 0, expect.closeTo(12e6)], [6, 1, expect.closeTo(12e6)],
    ])
    expect(interfaces).toMatchObject([
      { name: 'swp1', outBps: 8e6, source: 'counters', speedBps: 100e6, operUp: true },
      { name: 'swp2', outBps: expect.closeTo(12e6), source: 'flows', operUp: undefined },
    ])
    expect(telemetry).toMatchObject({ lastFlowMs: time.ms, flowIntervalMs: 1000, lastCounterMs: time.ms, counterIntervalMs: 1000 })
    expect(collector.traffic('rtr2', time.ms).rates.rows).toEqual([])
    expect(collector.stats).toMatchObject({ datagrams: 8, flowSamples: 16, counterSamples: 8, restarts: 0, unknownInterfaces: 0 })
    expect(collector.stats.dropped).toEqual({ kernel: 0, sequence: 0, agent: 0, unknownAgent: 0 })
  })

  it('knows routers by the agent address in the datagram, IPv6 ones too, and by any of several', async () => {
    const running = await startCollector({ listen: { host: '::1', port: 0 } })
    const agents = [AGENT, parseAddress('2001:db8::5'), ipv4(10, 1, 4, 2)]
    for (const agent of agents) await send(running.collector, [datagram({ agent }, [sampleTo(ipv4(8, 8, 8, 8))])], '::1')
    const samples = ['rtr1', 'rtr2'].map((name) => running.collector.traffic(name, running.time.ms).rates.rows[0]!.samples)
    expect(samples).toEqual([2, 1])
  })

  it('takes samples of the members of a LAG for its own, in either way that exporters name them, and their counters where it sends none', async () => {
    const lag = egressInterface({ name: 'ae0', ifIndex: 500, members: [11, 12], speedBps: 200e6 })
    const mute = egressInterface({ name: 'ae1', ifIndex: 501, members: [21, 22], speedBps: 200e6 })
    const running = await startCollector({ routers: [router([lag, mute])] })
    await sendSeconds(running, 8, (second) => [
      // Sampled where it leaves a member, named as the member; and as the LAG. What only came in by a member is not its own.
      sampleTo(ipv4(198, 51, 100, 1), { sequence: second, sourceIndex: 11, input: 3, output: 11 }),
      sampleTo(ipv4(198, 51, 100, 2), { sequence: second, sourceIndex: 12, input: 3, output: 500 }),
      sampleTo(ipv4(198, 51, 100, 3), { sequence: second, sourceIndex: 13, input: 11, output: 13 }),
      countersSample({ sequence: second, ifIndex: 500, outOctets: second * 3_000_000 }),
      countersSample({ sequence: second, ifIndex: 11, outOctets: second * 1_000_000 }),
      countersSample({ sequence: second, ifIndex: 21, outOctets: second * 1_000_000 }),
      countersSample({ sequence: second, ifIndex: 22, outOctets: second * 1_500_000 }),
    ])
    const { rates, interfaces } = running.collector.traffic('rtr1', running.time.ms)
    expect(rates.rows.map(({ address, interfaceIndex }) => [address.w0 & 255, interfaceIndex])).toEqual([[1, 0], [2, 0]])
    expect(interfaces).toMatchObject([{ outBps: 24e6, source: 'counters' }, { outBps: 20e6, source: 'counters' }])
  })

  it('counts and tells, now and then, who sends without being configured', async () => {
    const { collector, time, lines } = await startCollector()
    const stranger = datagram({ agent: ipv4(10, 9, 9, 9) }, [sampleTo(ipv4(8, 8, 8, 8))])
    await send(collector, Array.from({ length: 50 }, () => stranger))
    const told = (): number[] => lines.filter(({ agent }) => agent === '10.9.9.9').map(({ count }) => Number(count))
    expect(told()).toHaveLength(1)
    time.ms += 10_000
    await send(collector, [stranger])
    expect(told()).toHaveLength(2)
    expect(told().reduce((sum, count) => sum + count)).toBe(51)
    expect(collector.stats).toMatchObject({ datagrams: 51, flowSamples: 0, dropped: { unknownAgent: 51 } })
  })

  it('counts what it refuses by reason, and goes on', async () => {
    const { collector, lines } = await startCollector()
    const to = ipv4(8, 8, 8, 8)
    const absurd = flowSample({ samplingRate: 2 ** 28, records: [rawHeader(2 ** 20, frame(to))] })
    await send(collector, [
      Buffer.from('hello'), Buffer.alloc(0), datagram({ version: 4 }, []),
      datagram({ sequence: 1 }, [sampleTo(to, { samplingRate: 0 }), absurd, sampleTo(to)]),
    ])
    expect(collector.stats.malformed).toMatchObject({ truncated: 2, version: 1, sampling_rate: 1, absurd: 1, header: 0 })
    expect(collector.stats.flowSamples).toBe(1)
    expect(lines.filter(({ reason }) => reason !== undefined).map(({ reason }) => reason))
      .toEqual(['truncated', 'version', 'sampling_rate', 'absurd'])
  })

  it('tells what was lost, dropped by the agent, or sent twice', async () => {
    const { collector, time } = await startCollector()
    const numbered = (sequence: number, drops: number): Buffer =>
      datagram({ sequence, uptimeMs: sequence * 10 }, [sampleTo(ipv4(8, 8, 8, 8), { sequence: sequence * 3, drops })])
    await send(collector, [numbered(1, 50), numbered(2, 50), numbered(5, 57), numbered(5, 57), numbered(90_000, 1), numbered(90_001, 2)])
    expect(collector.stats).toMatchObject({
      datagrams: 6, flowSamples: 5, restarts: 1,
      dropped: { sequence: 2, agent: 8 },
      sequences: { datagrams: { lost: 2, duplicates: 1 }, flowSamples: { lost: 2 + 8 + 2, restarts: 1 } },
    })
    expect(collector.stats.agents[0]).toEqual({
      router: 'rtr1', agent: AGENT, datagrams: 6, lost: 2, duplicates: 1, restarts: 1, dropped: 8, lostSamples: 12,
    })
    expect(collector.traffic('rtr1', time.ms).rates.rows[0]!.samples).toBe(5)
  })

  it('tells what left by other interfaces than configured', async () => {
    const { collector } = await startCollector()
    const outputs = [3, 77, 0, 0x3fffffff, 77].map((output) => sampleTo(ipv4(8, 8, 8, 8), { output }))
    await send(collector, [datagram({}, [...outputs, countersSample({ ifIndex: 77 })])])
    expect(collector.stats).toMatchObject({ unknownInterfaces: 2, withoutInterface: 2, flowSamples: 5, counterSamples: 1 })
  })

  it('tells of counters that start over', async () => {
    const running = await startCollector()
    await sendSeconds(running, 4, (second) => [countersSample({ outOctets: [0, 1e6, 2e6, 10, 1e6][second]! })])
    expect(running.collector.stats.counterBaselines).toEqual({ restart: 0, reset: 1, absurd: 0 })
    expect(running.lines.some(({ outcome, ifIndex }) => outcome === 'reset' && ifIndex === 3)).toBe(true)
  })

  it('tells how many destinations it has folded and dropped for want of room', async () => {
    const running = await startCollector({ maxDestinationsPerRouter: 1024 })
    const sendTo = (addressOf: (i: number) => ReturnType<typeof ipv4>, subAgent: number): Promise<void> =>
      sendSeconds(
        running, 40,
        (second) => Array.from({ length: 50 }, (_, i) => flowSample({ records: [sampledIp(1000, addressOf(second * 50 + i))] })),
        { subAgent },
      )
    await sendTo((i) => ipv4(8, 8, i >> 8, i & 255), 1)
    expect(running.collector.stats).toMatchObject({ foldedKeys: expect.any(Number), evictedKeys: 0 })
    expect(running.collector.stats.foldedKeys).toBeGreaterThan(500)
    await sendTo((i) => ipv4(9, i >> 8, i & 255, 0), 2)
    expect(running.collector.stats.evictedKeys).toBeGreaterThan(0)
    expect(running.collector.traffic('rtr1', 0).rates.rows.length).toBeLessThanOrEqual(1024)
  })

  it('refuses a router that nobody configured', async () => {
    const { collector } = await startCollector()
    expect(() => collector.traffic('rtr9', 0)).toThrow('no router "rtr9" is configured')
  })

  it('says which address it cannot listen on', async () => {
    const { collector } = await startCollector()
    const second = createCollector({
      listen: { host: '127.0.0.1', port: collector.port }, windowMs: 30_000, routers: ROUTERS, clock: () => 0, logger: pino({ level: 'silent' }),
    })
    await expect(second.start()).rejects.toThrow(`sFlow: cannot listen on UDP 127.0.0.1 port ${collector.port} (sflow.listen)`)
    await second.stop()
  })

  it('lets go of its port when it stops, and starts again', async () => {
    const { collector } = await startCollector()
    const { port } = collector
    await collector.stop()
    await collector.stop()
    const socket = createSocket('udp4').bind(port, '127.0.0.1')
    await once(socket, 'listening')
    socket.close()
    await once(socket, 'close')
    await collector.start()
    await send(collector, [datagram({}, [])])
    expect(collector.stats.datagrams).toBe(1)
  })

  it('tells how much the kernel buffers for it', async () => {
    const { lines } = await startCollector()
    expect(lines.some(({ grantedBytes }) => Number(grantedBytes) > 0)).toBe(true)
  })
})

import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import { createCollector, type Collector, type CollectorOptions } from '../../src/collector/collector.ts'
import { monotonicClock } from '../../src/process/monotonic-clock.ts'
import { AGENT, countersSample, datagram, flowSample, ipv4, sampledIp } from './sflow-datagram.ts'
import { egressInterface, router } from './simulated-link.ts'

const AGENTS = [AGENT, ipv4(10, 1, 4, 2), ipv4(10, 1, 4, 3), ipv4(10, 1, 4, 4)]
const ROUTERS = AGENTS.map((agent, i) =>
  router([egressInterface({ router: `rtr${i + 1}`, ifIndex: 3, speedBps: 1e12 })], {
    name: `rtr${i + 1}`, address: agent, sflowAgents: [agent],
  }),
)
const SAMPLES_PER_DATAGRAM = 16
/** The kernel takes no more of a receive buffer for one of them. */
const BUFFERED_BYTES = 4096

const started: Collector[] = []
const sockets: Socket[] = []

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close()
  await Promise.all(started.splice(0).map((collector) => collector.stop()))
})

async function startCollector(of: Partial<CollectorOptions> = {}) {
  const lines: Record<string, unknown>[] = []
  const logger = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) })
  const collector = createCollector({
    listen: { host: '127.0.0.1', port: 0 }, windowMs: 30_000, routers: ROUTERS, clock: monotonicClock, logger, workers: 1, ...of,
  })
  started.push(collector)
  await collector.start()
  return { collector, lines }
}

/** A socket that sends to the collector, and waits whenever so much is unread that more could get lost. */
async function createSender(collector: Collector): Promise<(bytes: Buffer) => Promise<void>> {
  const socket = createSocket('udp4')
  sockets.push(socket)
  socket.connect(collector.port, '127.0.0.1')
  await once(socket, 'connect')
  const unread = Math.floor((2 * collector.stats.reception!.receiveBuffer.grantedBytes) / BUFFERED_BYTES)
  let sent = collector.stats.datagrams
  return async (bytes) => {
    socket.send(bytes)
    sent++
    if (sent % unread === 0) await until(() => collector.stats.datagrams === sent, () => `${collector.stats.datagrams} of ${sent} came`)
  }
}

async function until(isTrue: () => boolean, what: () => string): Promise<void> {
  const deadlineMs = performance.now() + 10_000
  while (!isTrue()) {
    if (performance.now() > deadlineMs) throw new Error(what())
    await delay(1)
  }
}

/** Stands for 1000 × 1000 bytes to each of so many hosts of 198.51.100.0/24. */
function load(agent: number, sequence: number, output = 3): Buffer {
  const samples = Array.from({ length: SAMPLES_PER_DATAGRAM }, (_, i) =>
    flowSample({ sequence: sequence * SAMPLES_PER_DATAGRAM + i, output, records: [sampledIp(1000, ipv4(198, 51, 100, i))] }),
  )
  return datagram({ agent: AGENTS[agent]!, sequence, uptimeMs: sequence }, samples)
}

describe('threads that read datagrams', () => {
  it('count every one of a million samples, and what is refused in between costs nothing else', async () => {
    // So long a window has all of it in one column, and nothing of it is left out as gone.
    const { collector } = await startCollector({ windowMs: 3_600_000 })
    const send = await createSender(collector)
    const datagrams = 1_000_000 / SAMPLES_PER_DATAGRAM
    const templates = AGENTS.map((_, agent) => load(agent, 0))
    for (let n = 0; n < datagrams; n++) {
      const bytes = templates[n % 4]!
      bytes.writeUInt32BE((n >> 2) + 1, 16)
      await send(bytes)
      if (n % 10 === 0) await send(Buffer.from(bytes.subarray(0, 20 + (n % 7))))
      if (n % 1000 === 0) await send(Buffer.from('what is this'))
    }
    await until(() => collector.stats.datagrams === datagrams * 1.1 + 63, () => `${collector.stats.datagrams} datagrams`)
    const { flowSamples, malformed, dropped } = collector.stats
    expect(flowSamples).toBe(1_000_000)
    expect(malformed).toMatchObject({ truncated: datagrams / 10, version: 63 })
    expect(dropped).toMatchObject({ kernel: 0, sequence: 0, unknownAgent: 0 })
    await until(() => samplesTowards(collector) === 1_000_000, () => `${samplesTowards(collector)} samples in the rates`)
  }, 60_000)

  it('tell the same as events do: rates, counters, agents, and what was lost', async () => {
    const told = []
    for (const workers of [1, 0]) {
      const { collector } = await startCollector({ workers, listen: { host: '127.0.0.1', port: 0 } })
      const send = await createSender(collector)
      for (const sequence of [1, 2, 4, 4, 5]) await send(load(0, sequence))
      await send(load(1, 1, 77))
      await send(datagram({ agent: AGENTS[2]!, uptimeMs: 1000 }, [countersSample({ outOctets: 0 })]))
      await delay(300)
      await send(datagram({ agent: AGENTS[2]!, sequence: 2, uptimeMs: 2000 }, [countersSample({ sequence: 2, outOctets: 1e6 })]))
      await send(datagram({ agent: ipv4(10, 9, 9, 9) }, []))
      await until(() => collector.traffic('rtr3', 0).interfaces[0]!.source === 'counters', () => 'no counters')
      const { reception, ...stats } = collector.stats
      const { rates, telemetry } = collector.traffic('rtr1', 0)
      told.push([
        { ...stats }, rates.rows.map(({ address, samples }) => [address.w0, samples]), telemetry.lastFlowMs! > 0,
        collector.traffic('rtr3', 0).interfaces[0]!.outBps, collector.traffic('rtr2', 0).telemetry.lastFlowMs! > 0,
      ])
      expect(reception).toMatchObject({ way: workers === 1 ? 'threads' : 'events', workers })
    }
    expect(told[0]).toEqual(told[1])
    expect(told[0]![0]).toMatchObject({
      flowSamples: 80, unknownInterfaces: 16, dropped: { sequence: 1, unknownAgent: 1 }, sequences: { datagrams: { duplicates: 1 } },
    })
  })

  it('share a port, when there are several', async () => {
    const { collector } = await startCollector({ workers: 2 })
    expect(collector.stats.reception).toMatchObject({ way: 'threads', workers: 2 })
    const senders = await Promise.all(Array.from({ length: 16 }, () => createSender(collector)))
    for (const [i, send] of senders.entries()) {
      for (let n = 1; n <= 2; n++) await send(load(i % 4, Math.floor(i / 4) * 2 + n))
    }
    await until(() => samplesTowards(collector) === 16 * 2 * SAMPLES_PER_DATAGRAM, () => `${samplesTowards(collector)} samples`)
  })

  it('say which address they cannot listen on, and let go of the port when they stop', async () => {
    const { collector } = await startCollector()
    const { port } = collector
    await expect(startCollector({ listen: { host: '127.0.0.1', port } })).rejects.toThrow(
      `sFlow: cannot listen on UDP 127.0.0.1 port ${port} (sflow.listen)`,
    )
    await collector.stop()
    const again = await startCollector({ listen: { host: '127.0.0.1', port } })
    const send = await createSender(again.collector)
    await send(load(0, 1))
    await until(() => samplesTowards(again.collector) === SAMPLES_PER_DATAGRAM, () => 'nothing came')
  })

  it('tell what the kernel grants, and what to do when it is too little', async () => {
    const { collector, lines } = await startCollector({ receiveBufferBytes: 2 ** 30 })
    const remedy = `sysctl -w net.core.rmem_max=${2 ** 30}, then restart`
    expect(collector.stats.reception!.receiveBuffer).toMatchObject({ wantedBytes: 2 ** 30, remedy })
    expect(lines.some((line) => line['remedy'] === remedy)).toBe(true)
    const modest = await startCollector({ receiveBufferBytes: 100_000 })
    expect(modest.collector.stats.reception!.receiveBuffer).toEqual({ wantedBytes: 100_000, grantedBytes: 100_000, remedy: undefined })
  })
})

function samplesTowards(collector: Collector): number {
  const rows = ROUTERS.flatMap(({ name }) => collector.traffic(name, 0).rates.rows)
  return rows.reduce((sum, { samples }) => sum + samples, 0)
}

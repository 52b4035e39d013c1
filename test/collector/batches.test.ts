import { describe, expect, it } from 'vitest'
import { BatchTaker } from '../../src/collector/batch-taker.ts'
import { BatchWriter } from '../../src/collector/intake/batch-writer.ts'
import { DestinationBatch } from '../../src/collector/intake/destination-batch.ts'
import { RouterTelemetry } from '../../src/collector/telemetry/router-telemetry.ts'
import { createIntakeMemory, SharedIntake } from '../../src/collector/intake/shared-intake.ts'
import { relativeError } from '../../src/model/rates.ts'
import type { RouterTraffic } from '../../src/model/traffic.ts'
import { AGENT, countersSample, datagram, flowSample, ipv4, sampledIp, type TestFlow } from './sflow-datagram.ts'
import { egressInterface, poisson, randomOf, router } from './simulated-link.ts'

const RTR = router([egressInterface({ ifIndex: 3, speedBps: 1e12 }), egressInterface({ name: 'swp2', ifIndex: 4, speedBps: 1e12 })])
const START_MS = 1_700_000_000_000

/** What a collector is made of, in one thread, on a clock of the test; its reader takes as rarely as it likes. */
function createPipe(seesAll = true) {
  const shared = new SharedIntake(createIntakeMemory({ agents: 1, interfaces: 2, ports: 2, slots: 1024, seed: 1 }))
  const telemetry = new RouterTelemetry(RTR, 30_000, 10_000, 1)
  const mostBytes = new Float64Array(2)
  const taker = new BatchTaker([RTR], [telemetry], mostBytes, () => undefined)
  const writer = new BatchWriter(shared, { routers: [RTR], seed: 1, mostBytes, seesAll })
  let sequence = 0
  return {
    stats: shared.stats,
    take: () => shared.take((batch) => taker.take(batch)),
    traffic: (): RouterTraffic => telemetry.traffic(),
    handOver: () => writer.handOver(),
    /** A datagram at a time since the start; `step` of its number beyond 1 are lost. */
    send: (ms: number, samples: readonly Buffer[], step = 1) => {
      sequence += step
      const bytes = datagram({ agent: AGENT, sequence, uptimeMs: ms }, samples)
      writer.handOverDue(START_MS + ms)
      writer.receive(bytes, bytes.length, START_MS + ms)
    },
  }
}

/** 1000 bytes at 1:1000 to one of 20 hosts: 8 Mbit. */
function sampleTo(host: number, of: TestFlow = {}): Buffer {
  return flowSample({ records: [sampledIp(1000, ipv4(198, 51, 100, host))], ...of })
}

function rateOf({ rates }: RouterTraffic): { bps: number; samples: number } {
  return rates.rows.reduce((sum, { bps, samples }) => ({ bps: sum.bps + bps, samples: sum.samples + samples }), { bps: 0, samples: 0 })
}

describe('the rate of constant traffic, through batches', () => {
  it.each([[50, 'by a reader that is always there'], [900, 'by a reader that is late']])(
    'stays within the sampling error at any moment (%i ms, %s)',
    (takeEveryMs) => {
      const random = randomOf(takeEveryMs)
      const pipe = createPipe()
      const samplesPerS = 200
      const errors: number[] = []
      let [nextTakeMs, nextReadMs] = [takeEveryMs, 5000]
      for (let ms = 5; ms < 150_000; ms += 5) {
        const samples = Array.from({ length: poisson(samplesPerS / 200, random) }, () => sampleTo(Math.floor(random() * 20)))
        if (samples.length > 0) pipe.send(ms, samples)
        if (ms >= nextTakeMs) {
          pipe.take()
          nextTakeMs += takeEveryMs
        }
        if (ms < nextReadMs) continue
        nextReadMs += 200 + random() * 500
        const { bps, samples: seen } = rateOf(pipe.traffic())
        errors.push(Math.abs(bps / (samplesPerS * 8e6) - 1) / relativeError(seen))
      }
      expect(errors.length).toBeGreaterThan(200)
      // 95 % lie within the error by its definition; it allows for packets of different lengths, too, which these are not.
      expect(errors.filter((error) => error > 1).length / errors.length).toBeLessThan(0.05)
      expect(Math.max(...errors)).toBeLessThan(2)
    },
  )

  it('is what a reader that comes for every datagram sees', () => {
    const [often, seldom] = [createPipe(), createPipe()]
    for (let n = 1; n <= 2000; n++) {
      for (const pipe of [often, seldom]) pipe.send(n * 20, [sampleTo(n % 20), countersSample({ sequence: n, outOctets: n * 2e4 })])
      often.handOver()
      often.take()
      if (n % 10 === 0) seldom.take()
    }
    const [a, b] = [often, seldom].map((pipe) => {
      pipe.handOver()
      pipe.take()
      return pipe.traffic()
    })
    expect(rateOf(b!).bps / rateOf(a!).bps).toBeCloseTo(1, 1.5)
    expect(b!.interfaces[0]!.outBps! / a!.interfaces[0]!.outBps!).toBeCloseTo(1, 2)
    expect(b!.telemetry).toMatchObject({ lastFlowMs: START_MS + 40_000, lastCounterMs: START_MS + 40_000 })
  })
})

describe('what is lost', () => {
  /** Sends 100 datagrams a second for 40 s, of which `isLost` tells; gives the rate over what was sent. */
  function shareSeen(isLost: (n: number) => boolean, of: (n: number) => TestFlow = () => ({}), seesAll = true): number {
    const pipe = createPipe(seesAll)
    let step = 1
    for (let n = 1; n <= 4000; n++) {
      pipe.take()
      if (isLost(n)) step++
      else {
        pipe.send(n * 10, [sampleTo(n % 20, { sequence: n, ...of(n) })], step)
        step = 1
      }
    }
    pipe.handOver()
    pipe.take()
    return rateOf(pipe.traffic()).bps / (100 * 8e6)
  }

  it('evenly is made up for', () => {
    expect(shareSeen(() => false)).toBeCloseTo(1, 2)
    expect(shareSeen((n) => n % 10 === 0)).toBeCloseTo(1, 1.5)
    expect(shareSeen((n) => n % 3 !== 0)).toBeCloseTo(1, 1.5)
  })

  it('is not made up for by who sees a part of the datagrams only', () => {
    expect(shareSeen((n) => n % 2 === 0, () => ({}), false)).toBeCloseTo(0.5, 2)
  })

  it('in bursts is made up for, and by no single sample', () => {
    expect(shareSeen((n) => n % 500 < 50)).toBeCloseTo(1, 1)
    const pipe = createPipe()
    pipe.send(0, [sampleTo(1)])
    pipe.send(10, [sampleTo(2)], 900)
    pipe.handOver()
    pipe.take()
    const bps = new Map(pipe.traffic().rates.rows.map((row) => [row.address.w0 & 255, row.bps]))
    expect(bps.get(2)! / bps.get(1)!).toBeCloseTo(4, 3)
  })

  it('by the agent is made up for', () => {
    expect(shareSeen(() => false, (n) => ({ drops: n }))).toBeCloseTo(2, 1)
  })

  it('by the thousand is an outage, and corrects nothing', () => {
    const pipe = createPipe()
    for (const step of [1, 3000, 1, 100_000, 1]) pipe.send(10, [sampleTo(1)], step)
    pipe.handOver()
    pipe.take()
    expect(rateOf(pipe.traffic())).toEqual({ bps: 5 * 8e6, samples: 5 })
    expect(pipe.stats.sequences('datagrams')).toMatchObject({ lost: 2999, restarts: 1 })
  })
})

describe('destinations of a batch', () => {
  function read(batch: DestinationBatch): Map<string, number> {
    const found = new Map<string, number>()
    batch.settle()
    batch.read((_entry, tag, w0, w1, w2, w3, bytes) => found.set([tag, w0, w1, w2, w3].join('/'), bytes))
    return found
  }

  it('beyond its room fold into /24 and /48, then count by their interface only, and each of these is counted', () => {
    const batch = new DestinationBatch(new SharedArrayBuffer(DestinationBatch.size(1024)), 0, 1024, 7)
    batch.add(0, 0x01010101, 0, 0, 0, 5)
    for (let i = 0; i < 5000; i++) {
      batch.add(0, 0x0a000000 + i, 0, 0, 0, 1)
      batch.add(1, 0x20010db8, (i % 50) * 65_536 + 9, 1, i, 1)
      batch.add(0, 0x01010101, 0, 0, 0, 1)
    }
    const sum = (): number => [...read(batch).values()].reduce((total, bytes) => total + bytes)
    expect([sum(), batch.refused, batch.folded > 9000]).toEqual([5 + 15_000, 0, true])
    expect(read(batch).get('0/167773440/0/0/0')).toBe(256)
    for (let i = 0; i < 5000; i++) batch.add(1, 0x20010db9, i * 65_536, 0, 0, 1)
    expect(sum() + batch.refused).toBe(5 + 20_000)
    expect([batch.refused > 4000, batch.size]).toEqual([true, 768])
    expect(read(batch).get('0/16843009/0/0/0')).toBe(5005)
    batch.clear()
    expect([read(batch).size, batch.size, batch.folded, batch.refused]).toEqual([0, 0, 0, 0])
    batch.add(1, 1, 2, 3, 4, 5)
    expect(read(batch)).toEqual(new Map([['1/1/2/3/4', 5]]))
  })

  it('are remembered from one span to the next, each in its place, without their samples', () => {
    const batch = new DestinationBatch(new SharedArrayBuffer(DestinationBatch.size(1024)), 0, 1024, 7)
    const places = new Map<number, number>()
    for (let span = 0; span < 5; span++) {
      for (let i = span; i < 100; i++) batch.add(0, i, 0, 0, 0, span + 1)
      batch.settle()
      const found = new Map<number, number>()
      batch.read((entry, _tag, w0, _w1, _w2, _w3, bytes, samples) => {
        found.set(w0, bytes)
        expect([entry, samples]).toEqual([places.get(w0) ?? entry, 1])
        places.set(w0, entry)
      })
      expect([found.size, new Set(found.values())]).toEqual([100 - span, new Set([span + 1])])
      batch.clear()
    }
  })

  it('find as much room in every span, whatever came before', () => {
    const batch = new DestinationBatch(new SharedArrayBuffer(DestinationBatch.size(1024)), 0, 1024, 7)
    const random = randomOf(3)
    for (let span = 0; span < 200; span++) {
      const destinations = Math.floor(random() * 320)
      for (let i = 0; i < destinations; i++) batch.add(0, span * 1000 + i, 0, 0, 0, 1)
      expect([read(batch).size, batch.folded, batch.refused]).toEqual([destinations, 0, 0])
      batch.clear()
    }
  })
})

import { describe, expect, it } from 'vitest'
import { SampledTelemetry } from '../sampled-telemetry.ts'
import { AGENT } from '../sflow-datagram.ts'
import { countersOf, egressInterface, router, runLink, sampleOf } from '../simulated-link.ts'

const RTR = router([egressInterface({ name: 'peer', ifIndex: 3, speedBps: 80e6 }), egressInterface({ name: 'transit', ifIndex: 4 })])

function createTelemetry(): SampledTelemetry {
  return new SampledTelemetry(RTR, 30_000, 1000, 1)
}

describe('what a router tells', () => {
  it('is nothing before it was heard', () => {
    const { rates, interfaces, telemetry } = createTelemetry().traffic()
    expect(rates.rows).toEqual([])
    expect(telemetry).toMatchObject({
      lastFlowMs: undefined, flowIntervalMs: undefined, lastCounterMs: undefined, counterIntervalMs: undefined,
    })
    expect(interfaces.map(({ name, outBps, source, speedBps, operUp, flowScale }) => [name, outBps, source, speedBps, operUp, flowScale]))
      .toEqual([['peer', undefined, 'none', 80e6, undefined, 1], ['transit', undefined, 'none', undefined, undefined, 1]])
  })

  it('is by interface, in the order of the configuration', () => {
    const telemetry = createTelemetry()
    for (let ms = 1000; ms <= 10_000; ms += 1000) {
      telemetry.flow(sampleOf({ egressIfIndex: 4, w0: 0x01010101 }), ms)
      telemetry.flow(sampleOf({ egressIfIndex: 3, w0: 0x02020202 }), ms)
      telemetry.flow(sampleOf({ egressIfIndex: 3, w0: 0x02020202 }), ms)
    }
    telemetry.counters(countersOf({ ifIndex: 4, outOctets: 1e6, speedBps: 1e9, inErrors: 1 }), 0, 9000)
    telemetry.counters(countersOf({ ifIndex: 4, outOctets: 2e6, speedBps: 1e9, inErrors: 4 }), 1000, 10_000)
    const { rates, interfaces } = telemetry.traffic()
    expect(rates.rows.map(({ address, interfaceIndex, bps, samples }) => [address.w0, interfaceIndex, bps, samples])).toEqual([
      [0x01010101, 1, 1.12e6, 10], [0x02020202, 0, 2.24e6, 20],
    ])
    expect(interfaces[0]).toMatchObject({ outBps: 2.24e6, source: 'flows', spanStartMs: 0, spanEndMs: 10_000, speedBps: 80e6 })
    expect(interfaces[1]).toMatchObject({ outBps: 8e6, source: 'counters', errorBps: 0, speedBps: 1e9, operUp: true, inErrors: 3 })
  })

  it('is told when it came, and how often it uses to', () => {
    const telemetry = createTelemetry()
    for (let ms = 0; ms <= 40_000; ms += 100) {
      telemetry.flow(sampleOf({ egressIfIndex: 99 }), ms)
      if (ms % 10_000 === 0) for (const ifIndex of [3, 4]) telemetry.counters(countersOf({ ifIndex }), ms, ms)
    }
    const heard = { lastFlowMs: 40_000, flowIntervalMs: 1000, lastCounterMs: 40_000, counterIntervalMs: 10_000 }
    expect(telemetry.traffic().telemetry).toEqual({ ...heard, agents: [{ ...heard, agent: AGENT, interfaces: [0, 1] }] })
  })

  it('of other interfaces is no traffic', () => {
    const telemetry = createTelemetry()
    expect(telemetry.flow(sampleOf({ egressIfIndex: 99 }), 0)).toBe('elsewhere')
    expect(telemetry.flow(sampleOf({ egressIfIndex: 0 }), 0)).toBe('elsewhere')
    expect(telemetry.counters(countersOf({ ifIndex: 99 }), 0, 0)).toBe(undefined)
    expect(telemetry.traffic().rates.rows).toEqual([])
    expect(telemetry.traffic().telemetry.lastCounterMs).toBe(undefined)
  })
})

describe('a LAG that sends no counters', () => {
  const LAG = router([egressInterface({ name: 'ae0', ifIndex: 500, members: [11, 12] })])
  /**
   * Members of 100 Mbit/s, 8 and 16 Mbit/s of it used, the second counted half an interval later; its line card starts
   * anew after a minute and a half.
   */
  function runLag(forMs: number, memberIsSilent: (ms: number) => boolean = () => false): SampledTelemetry {
    const telemetry = new SampledTelemetry(LAG, 30_000, 1000, 1)
    for (let ms = 0; ms <= forMs; ms += 5000) {
      const isFirst = ms % 10_000 === 0
      const [ifIndex, octetsPerMs] = isFirst ? [11, 1000] : [12, 2000]
      if (!isFirst && memberIsSilent(ms)) continue
      telemetry.counters(countersOf({ ifIndex, outOctets: (isFirst || ms <= 60_000 ? ms : ms - 90_000) * octetsPerMs, outDiscards: ms / 5000 }), ms, ms)
    }
    return telemetry
  }

  it('has those of its members in sum, whenever each is counted', () => {
    const [load] = runLag(60_000).traffic().interfaces
    expect(load).toMatchObject({ outBps: 24e6, source: 'counters', speedBps: 200e6, operUp: true, counterIntervalMs: 10_000 })
    expect(load!.outDiscards).toBeGreaterThan(0)
  })

  it('is slower and up while one of them is down', () => {
    const telemetry = runLag(60_000)
    const half = (ms: number) => {
      telemetry.counters(countersOf({ ifIndex: 12, outOctets: 110e6, status: 1 }), ms, ms)
      telemetry.counters(countersOf({ ifIndex: 11, outOctets: ms * 1000 }), ms, ms)
    }
    telemetry.counters(countersOf({ ifIndex: 12, outOctets: 110e6, status: 1 }), 65_000, 65_000)
    // At once: by its former speed it would seem to have room for as much again.
    expect(telemetry.traffic().interfaces[0]!.speedBps).toBe(100e6)
    for (const ms of [70_000, 80_000, 90_000]) half(ms)
    expect(telemetry.traffic().interfaces[0]).toMatchObject({ outBps: 8e6, speedBps: 100e6, operUp: true })
  })

  it('is silent while one of them is, not emptier', () => {
    const { lastCounterMs, outBps, missingMembers } = runLag(110_000, (ms) => ms > 60_000).traffic().interfaces[0]!
    expect(outBps).toBe(24e6)
    expect(lastCounterMs).toBeLessThanOrEqual(60_000)
    expect(missingMembers).toEqual([])
  })

  it('is that of the others when a member is gone for a minute while they are heard, and slower by as much', () => {
    const gone = runLag(150_000, (ms) => ms > 60_000).traffic().interfaces[0]!
    expect(gone).toMatchObject({ outBps: 8e6, speedBps: 100e6, operUp: true, lastCounterMs: 150_000, missingMembers: [12] })
    // All that it has sent meanwhile is no load of one interval.
    const isAway = (ms: number) => ms > 60_000 && ms < 130_000
    const seen = Array.from({ length: 10 }, (_, n) => runLag(130_000 + 5000 * n, isAway).traffic().interfaces[0]!.outBps)
    expect([...new Set(seen)]).toEqual([8e6, 24e6])
    const back = runLag(180_000, isAway).traffic().interfaces[0]!
    expect(back).toMatchObject({ speedBps: 200e6, missingMembers: [] })
  })

  it('is what it is whichever datagram gets lost or comes twice', () => {
    for (let oneMs = 5000; oneMs <= 85_000; oneMs += 5000) {
      for (const times of [0, 2]) {
        const telemetry = new SampledTelemetry(LAG, 30_000, 1000, 1)
        const seen = new Set<number | undefined>()
        for (let ms = 0; ms <= 120_000; ms += 5000) {
          const [ifIndex, octetsPerMs] = ms % 10_000 === 0 ? [11, 1000] : [12, 2000]
          for (let n = ms === oneMs ? times : 1; n > 0; n--) {
            telemetry.counters(countersOf({ ifIndex, outOctets: ms * octetsPerMs }), ms, ms)
          }
          seen.add(telemetry.traffic().interfaces[0]!.outBps)
        }
        expect([oneMs, times, ...seen]).toEqual([oneMs, times, undefined, 24e6])
      }
    }
  })

  it('has no load from before a member whose counters start anew, nor one too low', () => {
    const telemetry = new SampledTelemetry(LAG, 30_000, 1000, 1)
    const seen = new Set<number | undefined>()
    for (let ms = 0; ms <= 120_000; ms += 5000) {
      const [ifIndex, octetsPerMs] = ms % 10_000 === 0 ? [11, 1000] : [12, 2000]
      const startMs = ms >= 12_000 && ifIndex === 12 ? 12_000 : 0
      telemetry.counters(countersOf({ ifIndex, outOctets: (ms - startMs) * octetsPerMs }), ms, ms)
      seen.add(telemetry.traffic().interfaces[0]!.outBps)
    }
    expect([...seen]).toEqual([undefined, 24e6])
  })

  it('is silent, not down, when those that are heard are down and another is gone', () => {
    const telemetry = runLag(150_000, (ms) => ms > 60_000)
    for (const ms of [160_000, 170_000, 180_000]) {
      telemetry.counters(countersOf({ ifIndex: 11, outOctets: 155e6, status: 1 }), ms, ms)
    }
    expect(telemetry.traffic().interfaces[0]).toMatchObject({ outBps: 8e6, operUp: true, lastCounterMs: 150_000, missingMembers: [12] })
  })

  it('does not wait for a member that went down and is mentioned no more', () => {
    const telemetry = runLag(60_000)
    telemetry.counters(countersOf({ ifIndex: 12, outOctets: 112e6, status: 1 }), 61_000, 61_000)
    for (const ms of [70_000, 80_000, 90_000]) {
      telemetry.counters(countersOf({ ifIndex: 11, outOctets: ms * 1000 }), ms, ms)
    }
    const down = telemetry.traffic().interfaces[0]
    expect(down).toMatchObject({ outBps: 8e6, speedBps: 100e6, operUp: true, lastCounterMs: 90_000, missingMembers: [] })
    telemetry.counters(countersOf({ ifIndex: 11, outOctets: 95e6, status: 1 }), 95_000, 95_000)
    expect(telemetry.traffic().interfaces[0]!.operUp).toBe(false)
  })

  it('stays silent when nobody tells how fast the others are, or when none of them is heard', () => {
    const slow = new SampledTelemetry(LAG, 30_000, 1000, 1)
    for (let ms = 0; ms <= 300_000; ms += 10_000) {
      if (ms <= 60_000) slow.counters(countersOf({ ifIndex: 12, outOctets: ms * 2000, speedBps: 0 }), ms, ms)
      slow.counters(countersOf({ ifIndex: 11, outOctets: ms * 1000, speedBps: 0 }), ms, ms)
    }
    expect(slow.traffic().interfaces[0]!.lastCounterMs).toBeLessThanOrEqual(60_000)
    const mute = runLag(60_000)
    mute.counters(countersOf({ ifIndex: 11, outOctets: 300e6 }), 300_000, 300_000)
    expect(mute.traffic().interfaces[0]).toMatchObject({ outBps: 24e6, missingMembers: [] })
  })

  it('has its own as soon as it sends them', () => {
    const telemetry = runLag(60_000)
    for (const ms of [61_000, 62_000]) {
      telemetry.counters(countersOf({ ifIndex: 500, outOctets: ms * 5000, speedBps: 150e6 }), ms, ms)
      telemetry.counters(countersOf({ ifIndex: 11, outOctets: ms * 1000 }), ms, ms)
      telemetry.counters(countersOf({ ifIndex: 12, outOctets: ms * 1000 }), ms, ms)
    }
    expect(telemetry.traffic().interfaces[0]).toMatchObject({ outBps: 40e6, speedBps: 150e6 })
  })
})

describe('one absurd sample', () => {
  /** 40 Mbps on the peer, 80 Mbps from 200 s on, between counters every 40 s. */
  function seenAt(atMs: number, absurdMs?: number) {
    const telemetry = createTelemetry()
    let outOctets = 0
    for (let ms = 0; ms <= atMs; ms += 50) {
      const samples = ms < 200_000 ? 2 : 4
      outOctets += samples * 125_000
      for (let n = 0; n < samples; n++) telemetry.flow(sampleOf({ samplingRate: 100, frameLength: 1250 }), ms)
      if (ms === absurdMs) {
        const outcome = telemetry.flow(sampleOf({ samplingRate: 2 ** 28, frameLength: 9000, w0: 0x03030303 }), ms)
        expect(outcome).toBe('absurd')
      }
      if (ms % 40_000 === 0) telemetry.counters(countersOf({ outOctets, speedBps: 0 }), ms, ms)
    }
    return telemetry.traffic()
  }

  it.each([190_000, 215_000])('changes nothing, and blinds nothing afterwards (%i ms)', (atMs) => {
    expect(seenAt(atMs, 90_000)).toEqual(seenAt(atMs))
  })

  it('is one that stands for more than its interface can send in a window, or the fastest link when nobody knows it', () => {
    const telemetry = createTelemetry()
    const bytes = (total: number) => ({ samplingRate: total / 1250, frameLength: 1250 })
    expect(telemetry.flow(sampleOf({ egressIfIndex: 3, ...bytes(300e6) }), 0)).toBe('counted')
    expect(telemetry.flow(sampleOf({ egressIfIndex: 3, ...bytes(301e6) }), 0)).toBe('absurd')
    expect(telemetry.flow(sampleOf({ egressIfIndex: 4, ...bytes(6e12) }), 0)).toBe('counted')
    expect(telemetry.flow(sampleOf({ egressIfIndex: 4, ...bytes(6.1e12) }), 0)).toBe('absurd')
  })

  it('counts as silence', () => {
    const telemetry = createTelemetry()
    telemetry.flow(sampleOf({}), 1000)
    telemetry.flow(sampleOf({ samplingRate: 2 ** 28 }), 2000)
    expect(telemetry.traffic().telemetry.lastFlowMs).toBe(1000)
  })
})

describe('silence is not zero', () => {
  const steady = { seed: 4, bpsAt: () => 75e6, forMs: 400_000, counterIntervalMs: 10_000 }

  it('when flows stop and counters say that traffic goes on', () => {
    const readings = runLink({ ...steady, losesFlows: (ms) => ms > 100_000 })
    const last = readings.at(-1)!
    expect(last).toMatchObject({ source: 'counters' })
    expect(last.ratesBps).toBe(readings.find(({ atMs }) => atMs === 110_000)!.ratesBps)
    expect(last.ratesBps / 75e6).toBeCloseTo(1, 1)
  })

  it('when flows and counters stop', () => {
    const readings = runLink({ ...steady, losesFlows: (ms) => ms > 100_000, losesCounters: (ms) => ms > 100_000 })
    const [then, last] = [readings.find(({ atMs }) => atMs === 101_000)!, readings.at(-1)!]
    expect(last).toEqual({ ...then, atMs: last.atMs })
    expect(last.outBps).toBeCloseTo(75e6, 0)
  })

  it('when counters stop, and the flows take over', () => {
    const readings = runLink({ ...steady, losesCounters: (ms) => ms > 100_000, bpsAt: (ms) => (ms < 200_000 ? 75e6 : 45e6) })
    const last = readings.at(-1)!
    expect(last.source).toBe('flows')
    expect(Math.abs(last.outBps! - 45e6)).toBeLessThan(3 * last.errorBps)
  })

  it('but when counters say that nothing is sent, the rates go', () => {
    const readings = runLink({ ...steady, bpsAt: (ms) => (ms <= 100_000 ? 75e6 : 0) })
    expect(readings.find(({ atMs }) => atMs === 112_000)!.ratesBps).toBeGreaterThan(0)
    expect(readings.find(({ atMs }) => atMs === 135_000)).toMatchObject({ ratesBps: 0, outBps: 0, source: 'counters' })
  })
})

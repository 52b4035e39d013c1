import { describe, expect, it } from 'vitest'
import { ToldSpeed } from '../../../src/collector/telemetry/told-speed.ts'

/** What is believed after each of the speeds, in Gbps. */
function believed(told: readonly number[]): (number | undefined)[] {
  const speed = new ToldSpeed()
  return told.map((gbps) => {
    speed.hear(gbps * 1e9, false)
    return speed.bps === undefined ? undefined : speed.bps / 1e9
  })
}

describe('ifSpeed', () => {
  it('is believed when a second sample in a row tells it, and one wrong sample changes nothing', () => {
    expect(believed([10, 10, 10])).toEqual([undefined, 10, 10])
    expect(believed([10, 10, 0.01, 10, 10])).toEqual([undefined, 10, 10, 10, 10])
    expect(believed([10, 10, 0, 10])).toEqual([undefined, 10, 10, 10])
    expect(believed([10, 10, 1, 2, 1, 2])).toEqual([undefined, 10, 10, 10, 10, 10])
    expect(believed([10, 10, 20, 20])).toEqual([undefined, 10, 10, 20])
  })

  it('that comes back from a restart as another is a contradiction until it is the old one again', () => {
    const speed = new ToldSpeed()
    const hear = (gbps: number, hasRestarted = false): string | undefined => {
      speed.hear(gbps * 1e9, hasRestarted)
      const { contradiction } = speed
      return contradiction?.kind === 'ifindex_mismatch' ? contradiction.evidence : undefined
    }
    expect([hear(10), hear(10), hear(10, true), hear(1, true)]).toEqual([
      undefined, undefined, undefined, 'its ifIndex had 10.0 Gbps before its agent restarted, and has 1.0 Gbps now',
    ])
    expect([hear(1), hear(1, true), hear(10)]).toEqual([expect.any(String), expect.any(String), undefined])
    expect([hear(10), hear(1), hear(1)]).toEqual([undefined, undefined, undefined])
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PathMessage, SentPath } from '../../../src/bgp/wire/gobgp-dialect.ts'
import { encodeNoteRemoval } from '../../../src/bgp/wire/gobgp-paths.ts'
import { GOBGP_V3 } from '../../../src/bgp/wire/gobgp-v3.ts'
import { GOBGP_V4 } from '../../../src/bgp/wire/gobgp-v4.ts'
import { noteKey, readNotes, writeHeartbeat, writeLease } from '../../../src/bgp/wire/note-path.ts'
import { LEASE_STATES, WATCHDOG_ROLES, type Heartbeat, type Lease } from '../../../src/model/lease.ts'

const uint32 = fc.integer({ min: 0, max: 0xffffffff })
const word = uint32.map((n) => n.toString(16).padStart(8, '0'))
const anyLease: fc.Arbitrary<Lease> = fc.record({
  owner: fc.tuple(word, word).map((words) => words.join('')),
  incarnation: uint32, sequence: uint32, durationMs: uint32, state: fc.constantFrom(...LEASE_STATES),
})
const anyHeartbeat: fc.Arbitrary<Heartbeat> = fc.record({
  watchdog: uint32, sequence: uint32, role: fc.constantFrom(...WATCHDOG_ROLES),
})
const received = ({ nlri, family, identifier, pattrs = [] }: SentPath): PathMessage =>
  ({ nlri, family, identifier, pattrs, is_withdraw: false, neighbor_ip: '' })

test('what is written is read, whatever the marker, and nothing of another marker', () => {
  fc.assert(
    fc.property(uint32, uint32, anyLease, anyHeartbeat, (marker, other, lease, heartbeat) => {
      const paths = [writeHeartbeat(marker, heartbeat), writeLease(marker, lease)].map(received)
      expect(readNotes(marker, paths)).toEqual({ lease, heartbeat })
      if (other !== marker) expect(readNotes(other, paths)).toEqual({ lease: undefined, heartbeat: undefined })
    }),
  )
})

test('a note of something else is told, and never taken for none', () => {
  for (const note of ['lease', 'heartbeat'] as const) {
    const path = received({ ...noteKey(7, note), pattrs: [{ attr: 'origin', origin: { origin: 0 } }] })
    expect(() => readNotes(7, [path])).toThrow('cannot be understood')
  }
})

describe.each([GOBGP_V3, GOBGP_V4])('removal: $version', (dialect) => {
  test('names exactly its note', () => {
    fc.assert(
      fc.property(uint32, fc.constantFrom('lease' as const, 'heartbeat' as const), (marker, note) => {
        const key = noteKey(marker, note)
        const { path, family } = dialect.deletePath.decodeRequest(encodeNoteRemoval(dialect, key))
        expect(path).toMatchObject({ nlri: { encapsulation: key.nlri.encapsulation }, is_withdraw: true, identifier: key.identifier })
        expect(family).toEqual({ afi: 1, safi: 7 })
      }),
    )
  })

  test('cannot be made of what is no note', () => {
    const key = noteKey(7, 'lease')
    for (const bad of [{ ...key, nlri: {} }, { ...key, identifier: -1 }, { ...key, nlri: { prefix: { prefix: '10.0.0.0', prefix_len: 8 } } }]) {
      expect(() => encodeNoteRemoval(dialect, bad)).toThrow(/nothing was sent|holds a prefix or a note/)
    }
  })
})

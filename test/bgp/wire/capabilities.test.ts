import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readCapabilities } from '../../../src/bgp/wire/capabilities.ts'

const [IPV4, IPV6, FLOWSPEC] = [{ afi: 1, safi: 1 }, { afi: 2, safi: 1 }, { afi: 1, safi: 133 }]

test('families and modes are read, and what is neither IPv4 nor IPv6 unicast is passed over', () => {
  expect(
    readCapabilities([
      {},
      { multi_protocol: { family: IPV6 } },
      { multi_protocol: { family: FLOWSPEC } },
      { multi_protocol: { family: null } },
      { add_path: { tuples: [{ family: IPV4, mode: 3 }, { family: IPV6, mode: 1 }, { family: FLOWSPEC, mode: 3 }] } },
      { software_version: { software_version: 'X/1' } },
    ]),
  ).toEqual({ families: [6], addPathSend: [4], addPathReceive: [4, 6], software: 'X/1' })
})

test('a speaker that offers nothing has nothing', () => {
  expect(readCapabilities([])).toEqual({ families: [], addPathSend: [], addPathReceive: [], software: undefined })
})

test('any mode is read as its bits', () => {
  fc.assert(
    fc.property(fc.nat(255), (mode) => {
      const { addPathSend, addPathReceive } = readCapabilities([{ add_path: { tuples: [{ family: IPV4, mode }] } }])
      expect([addPathReceive.length, addPathSend.length]).toEqual([mode & 1, (mode >> 1) & 1])
    }),
  )
})

import { isIPv6 } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildForwardingTable, type ForwardingEntry } from '../../src/simulator/forwarding-table.ts'
import {
  bitsOf, bytesOfAddress, readAddress, readPrefix, writeAddress, type IpAddress,
} from '../../src/simulator/ip-address.ts'

const address: fc.Arbitrary<IpAddress> = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((value) => ({ family: 4 as const, value })),
  fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map((value) => ({ family: 6 as const, value })),
)
/** Few addresses, so that prefixes nest and match. */
const nearAddress: fc.Arbitrary<IpAddress> = fc.oneof(
  fc.nat(255).map((low) => ({ family: 4 as const, value: 0x01000000n + BigInt(low) })),
  fc.nat(255).map((low) => ({ family: 6 as const, value: (0x2400n << 112n) + BigInt(low) })),
)
const nearPrefix = fc
  .tuple(nearAddress, fc.nat(10))
  .map(([one, up]) => readPrefix(`${writeAddress(one)}/${bitsOf(one) - up}`))

describe('addresses', () => {
  test('reading what was written is the identity', () => {
    fc.assert(
      fc.property(address, (one) => {
        expect(readAddress(writeAddress(one))).toEqual(one)
      }),
    )
  })

  test('every compressed form of IPv6 is read as the system reads it', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        fc.pre(isIPv6(text) && !text.includes('.'))
        const canonical = new URL(`http://[${text}]`).hostname.slice(1, -1)
        expect(new URL(`http://[${writeAddress(readAddress(text))}]`).hostname.slice(1, -1)).toBe(canonical)
      }),
    )
  })

  test('bytes are in network order', () => {
    expect([...bytesOfAddress(readAddress('1.2.3.4'))]).toEqual([1, 2, 3, 4])
    expect(bytesOfAddress(readAddress('2001:db8::1')).toString('hex')).toBe(`20010db8${'0'.repeat(23)}1`)
  })

  test.each(['1.2.3', '1.2.3.4.5', '::ffff:1.2.3.4', 'fe80::1%lo', '', 'edge'])('refuses %j', (text) => {
    expect(() => readAddress(text)).toThrow(RangeError)
  })

  test.each(['1.0.0.0/33', '1.0.0.0/-1', '1.0.0.0/8/8', '1.0.0.0/x', '::/129'])('refuses %j', (text) => {
    expect(() => readPrefix(text)).toThrow(RangeError)
  })
})

test('longest match agrees with trying every prefix', () => {
  fc.assert(
    fc.property(fc.array(nearPrefix), fc.array(nearAddress), (prefixes, looked) => {
      const entries: ForwardingEntry[] = prefixes.map((prefix, exit) => ({
        prefix: `${writeAddress(prefix)}/${prefix.length}`,
        prefixLength: prefix.length,
        nextHop: '192.0.2.1',
        exit,
      }))
      const table = buildForwardingTable(entries)
      for (const one of looked) {
        const holding = prefixes.filter(
          (prefix) =>
            prefix.family === one.family &&
            (prefix.value ^ one.value) < 1n << BigInt(bitsOf(one) - prefix.length),
        )
        const longest = Math.max(-1, ...holding.map(({ length }) => length))
        expect(table.lookUp(one)?.prefixLength ?? -1).toBe(longest)
      }
    }),
  )
})

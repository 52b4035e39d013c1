import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config/load-config.ts'
import { findSuccessions } from '../../src/service/successions.ts'

const router = (n: number, gobgp: string): string =>
  `  - { name: rtr${n}, address: 10.0.0.${n}, gobgp: "${gobgp}", interfaces: [{ name: a, ifindex: 1 }] }\n`
const config = (...gobgps: string[]) => parseConfig(`routers:\n${gobgps.map((gobgp, i) => router(i + 1, gobgp)).join('')}`, 'f', {})
const because = (...of: Parameters<typeof findSuccessions>): (string | undefined)[] => findSuccessions(...of).map((one) => one.because)

test('overrides of a router that begins or ceases to share its gobgpd are withdrawn first: they are marked otherwise', () => {
  const [alone, shared] = [config('h:1', 'h:2'), config('h:1', 'h:2', 'h:1')]
  expect(because(alone, alone, 'active')).toEqual([undefined, undefined])
  expect(because(shared, shared, 'active')).toEqual([undefined, undefined, undefined])
  expect(because(alone, shared, 'active')).toEqual(['other routers share gobgpd at h:1 now', undefined])
  expect(because(shared, alone, 'active')).toEqual(['it has gobgpd at h:1 to itself now', undefined, 'it has gobgpd at h:1 to itself now'])
  expect(because(alone, alone, 'dry_run')).toEqual(Array(2).fill('it is only decided now (dry-run)'))
})

import { expect, test } from 'vitest'
import { rankPaths } from '../../../src/controller/plan/best-path.ts'
import type { AsSegment } from '../../../src/model/route.ts'
import { makePath } from '../world.ts'

const path = (i: number, settings: Parameters<typeof makePath>[2]) =>
  makePath('1.0.0.0/24', i, { localPref: 100, ...settings })
const sequence = (...asns: number[]): AsSegment[] => [{ kind: 'sequence', asns }]

test.each([
  ['higher LOCAL_PREF', { localPref: 200 }, { localPref: 100 }],
  ['a LOCAL_PREF of 100 where there is none', { localPref: undefined }, { localPref: 99 }],
  ['shorter AS_PATH', { asPath: sequence(1) }, { asPath: sequence(1, 2) }],
  ['a set counts one', { asPath: [...sequence(1), { kind: 'set' as const, asns: [2, 3, 4] }] }, { asPath: sequence(1, 2, 3) }],
  ['confederations count nothing', { asPath: [{ kind: 'confed_sequence' as const, asns: [2, 3, 4] }, ...sequence(1)] }, { asPath: sequence(1, 2) }],
  ['lower ORIGIN', { origin: 0 as const }, { origin: 2 as const }],
  ['lower MED of one neighboring AS', { asPath: sequence(7, 8), med: undefined }, { asPath: sequence(7, 9), med: 10 }],
])('%s wins', (_, better, worse) => {
  const [b, w] = [path(1, better), path(0, worse)]
  for (const paths of [[b, w], [w, b]]) expect(rankPaths(paths)).toEqual({ paths: [b, w], tied: 1 })
})

test('MED does not decide between neighboring ASes, and what remains equal is tied', () => {
  const [a, b] = [path(0, { asPath: sequence(7), med: 10 }), path(1, { asPath: sequence(8), med: 0 })]
  expect(rankPaths([b, a])).toEqual({ paths: [a, b], tied: 2 })
})

test('the order of input does not matter, also where MED makes preference circular', () => {
  const paths = [
    path(0, { asPath: sequence(7), med: 10 }),
    path(1, { asPath: sequence(8), med: 0 }),
    path(2, { asPath: sequence(7), med: 5 }),
  ]
  const ranked = rankPaths(paths)
  expect(ranked.tied).toBe(2)
  expect(ranked.paths.at(-1)).toBe(paths[0])
  expect(rankPaths(paths.toReversed())).toEqual(ranked)
})

test('no paths, no best', () => {
  expect(rankPaths([])).toEqual({ paths: [], tied: 0 })
})

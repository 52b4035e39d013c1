import { expect, test } from 'vitest'
import { splitPrefix, type SplitRules } from '../../../src/controller/plan/split.ts'
import { formatPrefix, parseAddress, parsePrefix } from '../../../src/model/prefix.ts'
import { Rates } from '../../../src/model/rates.ts'

const RULES: SplitRules = { thresholdBps: 30, longest: 32, minSamples: 10, taken: [] }

/** The pieces of 1.0.0.0/24 when its hosts receive so much. */
function pieces(bpsByHost: Readonly<Record<number, number>>, rules: Partial<SplitRules> = {}, samples = 1000): string[] {
  const rows = Object.entries(bpsByHost).map(([host, bps]) => ({
    address: parseAddress(`1.0.0.${host}`), interfaceIndex: 0, bps, samples,
  }))
  return splitPrefix(parsePrefix('1.0.0.0/24'), new Rates(rows), { ...RULES, ...rules }).map(({ prefix }) => formatPrefix(prefix))
}

test('at the threshold it stays whole, above it is cut in halves until they fit; halves without traffic are left out', () => {
  expect(pieces({ 1: 20, 200: 10 })).toEqual(['1.0.0.0/24'])
  expect(pieces({ 1: 20, 200: 11 })).toEqual(['1.0.0.0/25', '1.0.0.128/25'])
  expect(pieces({ 1: 20, 70: 20 })).toEqual(['1.0.0.0/26', '1.0.0.64/26'])
})

test('a piece that may not be cut further comes whole', () => {
  expect(pieces({ 1: 20, 70: 20 }, { longest: 25 })).toEqual(['1.0.0.0/25'])
  expect(pieces({ 1: 50 })).toEqual(['1.0.0.1/32'])
})

test('on fewer samples than two halves need it is not cut', () => {
  expect(pieces({ 1: 20, 200: 20 }, {}, 9)).toEqual(['1.0.0.0/24'])
  expect(pieces({ 1: 20, 200: 20 }, {}, 10)).toEqual(['1.0.0.0/25', '1.0.0.128/25'])
})

test('pieces are cut around what is taken, and there are none inside it', () => {
  const taken = [parsePrefix('1.0.0.64/26')]
  expect(pieces({ 1: 5, 70: 50, 200: 5 }, { taken })).toEqual(['1.0.0.0/26', '1.0.0.128/25'])
  expect(pieces({ 1: 5 }, { taken: [parsePrefix('1.0.0.0/24')] })).toEqual([])
  expect(pieces({ 1: 5 }, { taken: [parsePrefix('1.0.0.0/16')] })).toEqual([])
  expect(pieces({ 1: 5 }, { taken: [parsePrefix('1.0.0.0/26')], longest: 25 })).toEqual([])
})

import { expect, test } from 'vitest'
import { findAlarms } from '../../src/controller/alarms.ts'
import { HEEDED } from '../../src/controller/plan/disregard.ts'
import type { Effect } from '../../src/controller/plan/effect.ts'
import type { RouterReport } from '../../src/controller/report.ts'
import { parsePrefix } from '../../src/model/prefix.ts'
import { REPORT } from '../api/fake-view.ts'

const [edge1] = REPORT.routers as [RouterReport, RouterReport]
const healthy: RouterReport = { ...edge1, setAside: [], interfaces: edge1.interfaces.map((i) => ({ ...i, state: 'ok' })) }
const alarmsOf = (changes: Partial<RouterReport>) =>
  findAlarms({ ...REPORT, routers: [{ ...healthy, ...changes }] }).map(({ kind, interface: name, message }) => [kind, name, message])

const effect = (n: number, movedShare: number, settings: Partial<Effect> = {}): Effect => ({
  kind: movedShare < 0.5 ? 'in part' : 'works',
  prefix: parsePrefix(`198.51.${n}.0/24`),
  fromInterface: 'transit-a',
  toInterface: 'transit-b',
  bps: 100e6,
  samples: 1000,
  movedShare,
  inForceMs: 60_000,
  ...settings,
})

test('an override without effect is told for as long as it is set aside, with what to look at', () => {
  const [kind, name, message] = alarmsOf({ setAside: edge1.setAside })[0]!
  expect([kind, name]).toEqual(['override_without_effect', 'transit-b'])
  expect(message).toContain('the override of 198.51.9.0/24 did nothing and was withdrawn: traffic stayed on transit-a of edge1')
  expect(message).toContain('an import filter or a prefix limit on the session with GoBGP')
  expect(alarmsOf({ setAside: edge1.setAside.map((one) => ({ ...one, untilMs: 0 })) })).toEqual([])
})

test('a router that ignores overrides is one alarm, not one for each', () => {
  const disregard = { ...HEEDED, untilMs: REPORT.startedMs + 1 }
  expect(alarmsOf({ disregard, setAside: edge1.setAside }).map(([kind]) => kind)).toEqual(['overrides_ignored'])
})

test('an override that GoBGP does not send is told with the reason, whatever else is', () => {
  const setAside = edge1.setAside.map((one) => ({ ...one, kind: 'not sent' as const, why: 'GoBGP does not send it: no family' }))
  const told = [
    'override_not_sent', undefined,
    'the override of 198.51.9.0/24 never left for edge1 and was withdrawn: GoBGP does not send it: no family',
  ]
  expect(alarmsOf({ setAside })).toEqual([told])
  expect(alarmsOf({ setAside, disregard: { ...HEEDED, untilMs: REPORT.startedMs + 1 } })).toContainEqual(told)
})

test('an override that moves only a part is told', () => {
  expect(alarmsOf({ effects: [effect(7, 0.4), effect(8, 0.9)] })).toEqual([
    ['override_partial_effect', 'transit-b', 'the override of 198.51.7.0/24 moved only 40 % of 100 Mbps from transit-a of edge1 to transit-b: the rest leaves elsewhere'],
  ])
})

test('what many overrides leave behind together puts the prediction off, unless samples are too few to tell', () => {
  const many = (samples: number) => [1, 2, 3, 4].map((n) => effect(n, 0.6, { samples }))
  expect(alarmsOf({ effects: many(200) })).toEqual([
    ['prediction_off', 'transit-a', '4 overrides should keep 400 Mbps away from transit-a of edge1: 160 Mbps of that do not leave where they lead'],
  ])
  expect(alarmsOf({ effects: many(5) })).toEqual([])
  expect(alarmsOf({ effects: many(200).slice(0, 2) })).toEqual([])
})

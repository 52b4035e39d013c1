import { expect, test } from 'vitest'
import { DecisionLog } from '../../src/controller/decision-log.ts'
import type { Decision } from '../../src/model/decision.ts'
import { parsePrefix } from '../../src/model/prefix.ts'

const decision = (settings: Partial<Decision> = {}): Decision => ({
  atMs: 0, router: 'a', kind: 'cannot_relieve', prefix: undefined, fromInterface: 'exit0', toInterface: undefined,
  bps: 1, reason: 'exit0 stays 5.0 Mbps above its relief target of 65 %: no room (9.1 Mbps)', inputs: {}, acted: true, ...settings,
})

test('what lasts is news once, whatever its figures; another obstacle, interface or router is news again', () => {
  const log = new DecisionLog()
  expect(log.record('a', [decision()])).toHaveLength(1)
  expect(log.record('a', [decision({ reason: decision().reason.replaceAll('Mbps', 'Gbps').replace('5', '17') })])).toEqual([])
  expect(log.record('a', [decision({ reason: 'exit0 stays 5.0 Mbps above its relief target of 65 %: cap (9.1 Mbps)' })])).toHaveLength(1)
  expect(log.record('a', [decision({ fromInterface: 'exit1' })])).toHaveLength(1)
  expect(log.record('b', [decision({ router: 'b' })])).toHaveLength(1)
})

test('what went away and came back is news again', () => {
  const log = new DecisionLog()
  log.record('a', [decision()])
  expect(log.record('a', [])).toEqual([])
  expect(log.record('a', [decision()])).toHaveLength(1)
})

test('events are news each time', () => {
  const log = new DecisionLog()
  const event = decision({ kind: 'relieve', prefix: parsePrefix('1.0.0.0/24') })
  log.record('a', [event])
  expect(log.record('a', [event])).toEqual([{ ...event, id: 2 }])
})

test('the newest come first, of one router or all, at most 2000', () => {
  const log = new DecisionLog()
  for (let i = 0; i < 3000; i++) log.record('a', [decision({ kind: 'relieve', atMs: i })])
  log.record('b', [decision({ kind: 'release', router: 'b' })])
  expect(log.newestFirst({ limit: 5000 })).toHaveLength(2000)
  expect(log.newestFirst({ limit: 2 }).map(({ kind, atMs }) => [kind, atMs])).toEqual([['release', 0], ['relieve', 2999]])
  expect(log.newestFirst({ router: 'a', limit: 1 })[0]?.atMs).toBe(2999)
})

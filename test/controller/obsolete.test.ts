import { describe, expect, test } from 'vitest'
import { findObsolete, withdrawObsolete, type Succession } from '../../src/controller/obsolete.ts'
import type { Router } from '../../src/model/topology.ts'
import { formatPrefix } from '../../src/model/prefix.ts'
import { relieved } from './bench.ts'
import { makeInterface, makeRouter } from './world.ts'

const router = makeRouter([makeInterface(0), makeInterface(1)])
const to = (next: Router | undefined, because?: string): Succession => ({ router, next, because })
const obsoleteAfter = async (succession: Succession): Promise<string[]> => {
  const b = await relieved()
  return findObsolete(succession, b.steering.handover()).map(({ prefix, why }) => `${formatPrefix(prefix)}: ${why}`)
}

describe('what a changed configuration leaves no place for', () => {
  test.each([
    ['nothing, when nothing changes', to(router), []],
    ['nothing, when the router gets another name or more interfaces', to({ ...makeRouter([0, 1, 2].map((i) => makeInterface(i))), name: 'rtr9' }), []],
    ['everything of a router that is gone', to(undefined), ['1.0.0.0/24: rtr1 is not configured any more at gobgpd 127.0.0.1:50051']],
    ['what comes from an interface that is gone', to(makeRouter([makeInterface(1)])), ['1.0.0.0/24: exit0 is not configured any more']],
    ['what goes to an interface that is renamed', to(makeRouter([makeInterface(0), makeInterface(1, { name: 'ix' })])), ['1.0.0.0/24: exit1 is not configured any more']],
    ['what comes from an interface that is dry now', to(makeRouter([makeInterface(0, { dryRun: true }), makeInterface(1)])), ['1.0.0.0/24: traffic of exit0 is only decided about now (dry-run)']],
    ['everything, for a reason', to(router, 'its marker is another one now'), ['1.0.0.0/24: its marker is another one now']],
  ])('is %s', async (_, succession, expected) => expect(await obsoleteAfter(succession)).toEqual(expected))
})

test('what a changed configuration may plan again is remembered; what has lost an interface is not', async () => {
  const { steering } = await relieved()
  const mayReturn = (succession: Succession): boolean[] => findObsolete(succession, steering.handover()).map((one) => one.mayReturn)
  expect(mayReturn(to(undefined))).toEqual([true])
  expect(mayReturn(to(makeRouter([makeInterface(0, { dryRun: true }), makeInterface(1)])))).toEqual([true])
  expect(mayReturn(to(makeRouter([makeInterface(0)])))).toEqual([false])
  expect(mayReturn(to(makeRouter([makeInterface(1)])))).toEqual([false])
})

test('nothing is withdrawn when one gobgpd does not answer', async () => {
  const [b, away] = [await relieved(), await relieved()]
  const obsolete = findObsolete(to(undefined), b.steering.handover())
  away.edge.away = true
  const store = {
    list: async (name: string) => (name === 'rtr1' ? b : away).edge.list(),
    add: () => Promise.reject(new Error('never')),
    withdraw: (key: (typeof obsolete)[number]) => b.edge.withdraw(key),
  }
  await expect(withdrawObsolete(store, [...obsolete, { ...obsolete[0]!, router: 'rtr2' }])).rejects.toThrow(
    'overrides of rtr2 would have to be withdrawn first: gobgpd is away',
  )
  expect(b.edge.prefixes()).toEqual(['1.0.0.0/24'])
  expect(await withdrawObsolete(store, obsolete)).toEqual(obsolete)
  expect(b.edge.prefixes()).toEqual([])
})

import { expect, test } from 'vitest'
import type { GobgpApi, GobgpEvent } from '../../src/bgp/wire/gobgp-api.ts'
import { Pulse } from '../../src/bgp/feed/pulse.ts'
import { noticeLost, startReading, type RouterFeed } from '../../src/bgp/feed/reading.ts'
import { createPathCounters, RouterRoutes } from '../../src/bgp/table/router-routes.ts'
import { Settling } from '../../src/bgp/feed/settling.ts'
import { parsePrefix } from '../../src/model/prefix.ts'
import { packed, ROUTER_ADDRESS } from './edge.ts'

/** A reading of a gobgpd whose list of peers runs ahead of what it tells. */
async function watched() {
  let tell: (event: GobgpEvent) => void = () => undefined
  const peer = { address: ROUTER_ADDRESS, established: true }
  let whileListing = (): void => undefined
  const api = {
    listAdjIn: () => Promise.resolve(),
    listPeers: () => {
      const peers = [{ ...peer }]
      whileListing()
      return Promise.resolve(peers)
    },
    watch: (onEvent: (event: GobgpEvent) => void) => {
      tell = onEvent
      onEvent({ kind: 'session', neighbor: ROUTER_ADDRESS, established: true, disabled: false })
      onEvent({ kind: 'end_of_init' })
      return { ended: new Promise<Error>(() => undefined), cancel: () => undefined }
    },
  } as unknown as GobgpApi
  const feed: RouterFeed = {
    routes: new RouterRoutes({ marker: 1, routerId: '10.255.0.1' }, createPathCounters()), established: false, told: 0,
    settling: new Settling(0, 0),
  }
  const feeds = new Map([[ROUTER_ADDRESS, feed]])
  await startReading(api, { feeds, hasRpki: false }, () => 0, new Pulse(() => 0, () => 0))
  const session = (established: boolean): void =>
    tell({ kind: 'session', neighbor: ROUTER_ADDRESS, established, disabled: false })
  const announce = (prefix: string): void =>
    tell({
      kind: 'path', neighbor: ROUTER_ADDRESS,
      change: { kind: 'announced', prefix: parsePrefix(prefix), pathId: 1, attributes: packed('172.16.0.1'), rpki: 'unknown' },
    })
  announce('203.0.113.0/24')
  return {
    peer, session, announce, look: () => noticeLost(api, feeds),
    during: (event: () => void) => void (whileListing = event),
    state: () => [feed.established, feed.routes.table.paths],
  }
}

test('a session that is down is noticed before GoBGP has told all that was before, and that counts no more', async () => {
  const { peer, session, announce, look, state } = await watched()
  await look()
  expect(state()).toEqual([true, 1])
  peer.established = false
  await look()
  expect(state()).toEqual([true, 1])
  await look()
  expect(state()).toEqual([false, 0])
  announce('198.51.100.0/24')
  expect(state()).toEqual([false, 0])
  session(false)
  session(true)
  announce('198.51.100.0/24')
  expect(state()).toEqual([true, 1])
})

test('what is told of the session while the peers are listed counts more than the list', async () => {
  const { peer, session, announce, look, during, state } = await watched()
  peer.established = false
  during(() => {
    session(false)
    session(true)
    announce('198.51.100.0/24')
  })
  await look()
  expect(state()).toEqual([true, 1])
})

test('a session that is told before the list has it is up', async () => {
  const { peer, session, look, state } = await watched()
  peer.established = false
  await look()
  session(false)
  session(true)
  await look()
  peer.established = true
  await look()
  peer.established = false
  await look()
  expect(state()).toEqual([true, 0])
})

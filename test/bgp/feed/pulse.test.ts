import { status, type ServiceError } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { createFeed } from '../../../src/bgp/feed/feed.ts'
import type { GobgpApi, GobgpEvent } from '../../../src/bgp/wire/gobgp-api.ts'
import { GrpcError } from '../../../src/bgp/wire/grpc-channel.ts'
import { Pulse } from '../../../src/bgp/feed/pulse.ts'
import { parseAddress, parsePrefix } from '../../../src/model/prefix.ts'
import { packed, ROUTER_ADDRESS, until } from '../edge.ts'

const late = (): GrpcError =>
  new GrpcError('127.0.0.1:1', '/x/ListPeer', Object.assign(new Error('x'), { code: status.DEADLINE_EXCEEDED, details: 'x' }) as ServiceError)

/** A feed of a gobgpd that answers no call after the first list, and tells what it is made to. */
function watched() {
  let tell: (event: GobgpEvent) => void = () => undefined
  let calls = 0
  let nowMs = 1_000_000
  const refuse = (): Promise<never> => {
    calls++
    return Promise.reject(late())
  }
  const api = {
    hasRpki: () => Promise.resolve(true),
    listAdjIn: () => Promise.resolve(),
    listLocal: refuse,
    listPeers: refuse,
    watch: (onEvent: (event: GobgpEvent) => void) => {
      tell = onEvent
      onEvent({ kind: 'session', neighbor: ROUTER_ADDRESS, established: true, disabled: false })
      onEvent({ kind: 'end_of_init' })
      return { ended: new Promise<Error>(() => undefined), cancel: () => undefined }
    },
  } as unknown as GobgpApi
  const feed = createFeed({
    routers: [{ name: 'rtr1', address: parseAddress(ROUTER_ADDRESS) }], marker: 1, clock: () => nowMs, auditIntervalMs: 1,
  })
  let ended: unknown
  feed.run(api, '10.255.0.1', () => undefined).catch((error: unknown) => (ended = error))
  const prefix = parsePrefix('203.0.113.0/24')
  return {
    feed,
    calls: () => calls,
    ended: () => ended,
    wait: (ms: number) => void (nowMs += ms),
    announce: () =>
      tell({
        kind: 'path', neighbor: ROUTER_ADDRESS,
        change: { kind: 'announced', prefix, pathId: 1, attributes: packed('172.16.0.1'), rpki: 'unknown' },
      }),
  }
}

test('a gobgpd that is too busy to answer, but tells changes, is followed; one that tells nothing either is given up', async () => {
  const { feed, announce, calls, ended, wait } = watched()
  await until('many calls have come to nothing', () => {
    wait(1000)
    announce()
    return calls() > 20
  })
  expect(ended()).toBeUndefined()
  expect(feed.table('rtr1').paths).toBe(1)
  wait(10_000)
  await until('it is given up', () => ended() !== undefined)
  expect(ended()).toMatchObject({ code: status.DEADLINE_EXCEEDED })
})

test('one with a full table may take a minute to drop it, and one with a small one may not', () => {
  let nowMs = 0
  let paths = 2_400_000
  const pulse = new Pulse(() => nowMs, () => paths)
  pulse.beat()
  nowMs += 60_000
  expect(pulse.excuses(late())).toBe(true)
  expect(pulse.excuses(new Error('refused'))).toBe(false)
  paths = 10_000
  expect(pulse.excuses(late())).toBe(false)
  paths = 2_400_000
  nowMs += 120_000
  expect(pulse.excuses(late())).toBe(false)
})

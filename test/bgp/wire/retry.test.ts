import { status, type ServiceError } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { GrpcError } from '../../../src/bgp/wire/grpc-channel.ts'
import { breaksConnection, createBackoff, isBug } from '../../../src/bgp/wire/retry.ts'

function failure(code: status): GrpcError {
  return new GrpcError('127.0.0.1:50051', '/apipb.GobgpApi/AddPath', Object.assign(new Error('x'), { code, details: 'why' }) as ServiceError)
}

test('delays double up to two seconds, vary by a fifth, and start small again after success', () => {
  const exact = createBackoff(() => 0.5)
  expect(Array.from({ length: 8 }, () => exact.nextMs())).toEqual([250, 500, 1000, 2000, 2000, 2000, 2000, 2000])
  exact.reset()
  expect(exact.nextMs()).toBe(250)
  expect(createBackoff(() => 0).nextMs()).toBe(200)
  expect(createBackoff(() => 0.999).nextMs()).toBeCloseTo(300, 0)
})

test('a refused request leaves the connection, a gobgpd that does not answer ends it', () => {
  for (const code of [status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.CANCELLED]) expect(breaksConnection(failure(code))).toBe(true)
  // GoBGP's own errors are UNKNOWN.
  for (const code of [status.UNKNOWN, status.UNIMPLEMENTED, status.NOT_FOUND]) expect(breaksConnection(failure(code))).toBe(false)
  expect(breaksConnection(new RangeError('refused by us'))).toBe(false)
})

test('faults of this program are not tried again', () => {
  expect(isBug(new TypeError('x is not a function'))).toBe(true)
  expect(isBug(failure(status.UNAVAILABLE))).toBe(false)
  expect(isBug(new Error('WatchEvent ended'))).toBe(false)
})

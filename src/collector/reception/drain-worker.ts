/**
 * A thread that does nothing but take datagrams: it reads the socket until it is empty, counts, sleeps for a
 * moment, and never returns to the event loop until it shall stop. That costs a third of an event for every
 * datagram.
 */
import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'
import { basename } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { messageOf } from '../../model/error-message.ts'
import { BatchWriter } from '../intake/batch-writer.ts'
import { CHUNK, drainChunk, LONGEST_DATAGRAM } from './drain-chunk.ts'
import type { IntakeOptions } from '../intake/intake.ts'
import { rehearse } from './rehearsal.ts'
import { SharedIntake, type IntakeMemory } from '../intake/shared-intake.ts'
import { findDescriptor, listSockets } from './socket-descriptor.ts'
import { bindUdp, closeUdp, type Listen } from './udp-socket.ts'

/** What the thread is given. */
export interface DrainOrder extends Omit<IntakeOptions, 'stats'> {
  readonly listen: Listen
  readonly isShared: boolean
  readonly receiveBufferBytes: number
  readonly memory: IntakeMemory
  /** The collector's clock less `process.hrtime`, ms. */
  readonly clockOffsetMs: number
}

/** What the thread tells before it begins, or instead. */
export type DrainReport =
  | { readonly kind: 'listening'; readonly port: number; readonly toldBufferBytes: number }
  /** The address cannot be used. */
  | { readonly kind: 'refused'; readonly message: string }
  /** Datagrams cannot be read this way here. */
  | { readonly kind: 'impossible'; readonly message: string }

/** Of the thread, among the others of the service. */
const NICE = -10
/**
 * Datagrams wait in the receive buffer meanwhile: it sleeps until, at the rate at which they came, an eighth of
 * it is used. One takes up to so many bytes there, for the kernel's own data.
 */
const SHORTEST_SLEEP_MS = 1
const LONGEST_SLEEP_MS = 8
const BUFFERED_BYTES = 4096
const USED_SHARE = 1 / 8
/** What may come when nothing did before. */
const BURST_PER_MS = 32

const order = workerData as DrainOrder
await run()

async function run(): Promise<void> {
  // A thread has no origin to name.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  const report = (message: DrainReport): void => parentPort!.postMessage(message)
  const { listen, isShared, receiveBufferBytes } = order
  let before
  try {
    if (order.routers.length > 0) await rehearse(order.routers)
    before = listSockets()
  } catch (error) {
    return report({ kind: 'impossible', message: messageOf(error) })
  }
  let socket
  try {
    socket = await bindUdp(listen, receiveBufferBytes, isShared)
  } catch (error) {
    return report({ kind: 'refused', message: messageOf(error) })
  }
  const { port } = socket.address()
  const toldBufferBytes = socket.getRecvBufferSize()
  let descriptor
  try {
    descriptor = findDescriptor(port, before)
  } catch (error) {
    report({ kind: 'impossible', message: messageOf(error) })
    return closeUdp(socket)
  }
  comeFirst()
  report({ kind: 'listening', port, toldBufferBytes })
  drain(descriptor, toldBufferBytes)
  await closeUdp(socket)
}

/**
 * Planning and collecting garbage may wait, datagrams do not. Linux keeps a nice value for each thread; less
 * than 0 takes CAP_SYS_NICE, and without it all threads are equal.
 */
function comeFirst(): void {
  try {
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), NICE)
  } catch {
    // Not allowed: it is only a favor.
  }
}

function drain(descriptor: number, toldBufferBytes: number): void {
  // An empty socket is an exception, some hundred times a second: nobody reads where it came from.
  Error.stackTraceLimit = 0
  const shared = new SharedIntake(order.memory)
  const writer = new BatchWriter(shared, order)
  const bytes = new Uint8Array(LONGEST_DATAGRAM)
  const offsetMs = order.clockOffsetMs + hrtimeMs() - performance.now()
  const waiting = (toldBufferBytes / BUFFERED_BYTES) * USED_SHARE
  const longestSleepMs = Math.min(LONGEST_SLEEP_MS, Math.max(SHORTEST_SLEEP_MS, waiting / BURST_PER_MS))
  let [emptyMs, came] = [offsetMs + performance.now(), 0]
  for (;;) {
    const nowMs = offsetMs + performance.now()
    const taken = drainChunk(descriptor, bytes, writer, nowMs)
    writer.handOverDue(nowMs)
    writer.publish()
    came += taken
    if (taken === CHUNK) continue
    const sleepMs = (waiting * (nowMs - emptyMs)) / Math.max(1, came)
    emptyMs = nowMs
    came = 0
    if (shared.wait(Math.min(longestSleepMs, Math.max(SHORTEST_SLEEP_MS, sleepMs)))) continue
    writer.handOver()
    return
  }
}

function hrtimeMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

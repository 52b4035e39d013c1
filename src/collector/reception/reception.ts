/** The ways by which datagrams come in. */
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Clock } from '../../model/clock.ts'
import type { DrainOrder, DrainReport } from './drain-worker.ts'
import type { SharedIntake } from '../intake/shared-intake.ts'
import { bindUdp, closeUdp, type Listen } from './udp-socket.ts'

/**
 * `threads`: threads of their own read the sockets until they are empty. `events`: each datagram is an event.
 */
export type ReceptionWay = 'threads' | 'events'

export interface Reception {
  readonly way: ReceptionWay
  readonly port: number
  /** The receive buffer of one socket, as the kernel tells it. */
  readonly toldBufferBytes: number
  /** Resolves when the port is free again. */
  stop(): Promise<void>
}

/** Datagrams cannot be read by threads on this system. */
export class ThreadsImpossible extends Error {}

/** Receives in the thread that calls; `onDatagram` must not keep the bytes. */
export async function receiveByEvents(
  listen: Listen,
  receiveBufferBytes: number,
  onDatagram: (bytes: Uint8Array) => void,
  onError: (error: Error) => void,
): Promise<Reception> {
  const socket = await bindUdp(listen, receiveBufferBytes, false)
  socket.on('message', onDatagram)
  socket.on('error', onError)
  return {
    way: 'events',
    port: socket.address().port,
    toldBufferBytes: socket.getRecvBufferSize(),
    stop: () => closeUdp(socket),
  }
}

/**
 * Starts a thread for each order; they share the port of the first. Rejects with ThreadsImpossible where
 * sockets cannot be read so.
 */
export async function receiveByThreads(
  orders: readonly Omit<DrainOrder, 'clockOffsetMs' | 'isShared'>[],
  intakes: readonly SharedIntake[],
  clock: Clock,
): Promise<Reception> {
  const clockOffsetMs = clock() - Number(process.hrtime.bigint()) / 1e6
  const threads: DrainThread[] = []
  const stop = async (): Promise<void> => {
    for (const intake of intakes) intake.stop()
    await Promise.all(threads.map(({ ended }) => ended))
  }
  try {
    for (const order of orders) {
      const listen = { ...order.listen, port: threads[0]?.port ?? order.listen.port }
      threads.push(await startThread({ ...order, listen, clockOffsetMs, isShared: orders.length > 1 }))
    }
  } catch (error) {
    await stop()
    throw error
  }
  return { way: 'threads', port: threads[0]!.port, toldBufferBytes: threads[0]!.toldBufferBytes, stop }
}

interface DrainThread {
  readonly port: number
  readonly toldBufferBytes: number
  readonly ended: Promise<void>
}

/** Resolves when it listens. What goes wrong later is a programming error, and crashes. */
async function startThread(order: DrainOrder): Promise<DrainThread> {
  const worker = new Worker(new URL(`./drain-worker${extname(import.meta.filename)}`, import.meta.url), {
    workerData: order,
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  })
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  const report = await new Promise<DrainReport>((resolve, reject) => {
    worker.once('message', resolve).once('error', reject)
  })
  worker.removeAllListeners('error')
  switch (report.kind) {
    case 'listening':
      return { port: report.port, toldBufferBytes: report.toldBufferBytes, ended }
    case 'refused':
      throw new Error(report.message)
    case 'impossible':
      throw new ThreadsImpossible(report.message)
  }
}

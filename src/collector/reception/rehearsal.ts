/**
 * Datagrams to oneself, so that V8 has compiled what each of them runs through before the first one comes
 * from a router: until then a sample takes twenty times as long, and full load would be lost, and keep a
 * single core from the compiler.
 */
import type { Socket } from 'node:dgram'
import { BatchWriter } from '../intake/batch-writer.ts'
import { CHUNK, drainChunk, LONGEST_DATAGRAM } from './drain-chunk.ts'
import type { IntakeRouter } from '../intake/intake.ts'
import type { IntakeStats } from '../intake/intake-stats.ts'
import { countAll } from '../intake/flow-batch.ts'
import { createIntakeMemory, SharedIntake } from '../intake/shared-intake.ts'
import { findDescriptor, listSockets } from './socket-descriptor.ts'
import { bindUdp, closeUdp } from './udp-socket.ts'

const ROUNDS = 60
/** A busy machine has compiled what it could by then, and routers wait for nobody. */
const LONGEST_MS = 1500
/** All numbers must be like those of real life: V8 compiles anew for doubles where it has seen integers. */
const START_MS = 1_700_000_000_000.25
const ROUND_MS = 20.5
const BUFFER_BYTES = 2 ** 20
const SAMPLES = 7
/** Fewer than are told apart in a round, so that some find it crowded. */
const SLOTS = 2 ** 10

/**
 * Takes less than a second, and on a busy machine little longer; returns what it counted, in memory of its own.
 * Throws where datagrams cannot be taken this way.
 */
export async function rehearse(routers: readonly IntakeRouter[]): Promise<IntakeStats> {
  const before = listSockets()
  const socket = await bindUdp({ host: '127.0.0.1', port: 0 }, BUFFER_BYTES, false)
  try {
    const descriptor = findDescriptor(socket.address().port, before)
    const shape = { ...countAll(routers), slots: SLOTS, seed: 1 }
    const shared = new SharedIntake(createIntakeMemory(shape))
    const mostBytes = new Float64Array(shape.interfaces).fill(Infinity)
    const writer = new BatchWriter(shared, { routers, seed: shape.seed, mostBytes, seesAll: true })
    const bytes = new Uint8Array(LONGEST_DATAGRAM)
    const endMs = performance.now() + LONGEST_MS
    for (let round = 0; round < ROUNDS && performance.now() < endMs; round++) {
      const nowMs = START_MS + round * ROUND_MS
      await Promise.all(compose(routers, round).map((datagram) => send(socket, datagram)))
      while (drainChunk(descriptor, bytes, writer, nowMs) > 0) writer.publish()
      writer.handOverDue(nowMs)
      shared.take(() => undefined)
    }
    return shared.stats
  } finally {
    await closeUdp(socket)
  }
}

function send(socket: Socket, datagram: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    socket.send(datagram, socket.address().port, '127.0.0.1', () => resolve())
  })
}

/** A chunk and some more: all that is decoded, and what is lost, late, sent twice, started over or refused. */
function compose(routers: readonly IntakeRouter[], round: number): Uint8Array[] {
  return Array.from({ length: CHUNK + 8 }, (_, i) => {
    const n = round * CHUNK + i
    const { sflowAgents, interfaces } = routers[n % routers.length]!
    const agent = n % 50 === 0 ? undefined : sflowAgents[n % sflowAgents.length]
    const ifIndexes = [...interfaces.map(({ ifIndex }) => ifIndex), 0]
    // Small numbers and some beyond 2³¹; they come early, late and twice, and every round starts over.
    const k = Math.floor(i / routers.length)
    const sequence = (round % 20) * 0x0fffffff + k + (k % 3 === 0 ? 2 : 0)
    const words = [5, ...addressWords(agent), 0, sequence, round * 0x07ffffff, SAMPLES + 1]
    for (let k = 0; k < SAMPLES; k++) {
      const output = ifIndexes[(n + k) % ifIndexes.length]!
      words.push(...flowSample(n * SAMPLES + k, output))
    }
    words.push(...counterSample(n, ifIndexes[n % ifIndexes.length]!))
    const whole = bytesOf(words)
    return i % 40 === 1 ? whole.subarray(0, 20 + (n % 900)) : whole
  })
}

function addressWords(address: IntakeRouter['sflowAgents'][number] | undefined): number[] {
  if (address === undefined) return [1, 0]
  const { family, w0, w1, w2, w3 } = address
  return family === 4 ? [1, w0] : [2, w0, w1, w2, w3]
}

/** Compact or expanded, with a raw header of IPv4 or IPv6, tagged or not, or a sampled_ipv4 record. */
function flowSample(n: number, output: number): number[] {
  // Few have most.
  const to = scatter(n % 3 === 0 ? n : n % 50)
  const record = n % 11 === 0 ? [3, 32, 1400, 6, 0, to, 0, 0, 0, 0] : rawHeader(n, to)
  const router = n % 2 === 0 ? [1002, 16, 1, 0xc0000200 + (n % 3), 24, 24] : []
  const records = [n % 2 === 0 ? 2 : 1, ...record, ...router]
  const source = n % 5 === 0 ? output : 0
  const drops = n >>> 4
  return n % 4 === 0
    ? [3, (11 + records.length - 1) * 4, n, 0, source, 10_000, 0, drops, 0, 1, 0, output, ...records]
    : [1, (8 + records.length - 1) * 4, n, source, 10_000, 0, drops, 1, output, ...records]
}

function rawHeader(n: number, to: number): number[] {
  const addresses = [0x02000000, 0x00010200, 0x00000002]
  const tag = n % 8 === 0 ? [0x81000064] : []
  const four = [0x08004500, 0x05dc0000, 0x40004006, 0x0000c612, 0x00010000 | (to >>> 16), to << 16]
  const toSix = [0, 1, 2, 3, 4].map((i) => scatter(to + i))
  const six = [0x86dd6000, 0x00000028, 0x06402001, 0, 0, 0, ...toSix]
  const header = [...addresses, ...tag, ...(n % 5 === 1 ? six : four)]
  return [1, 16 + header.length * 4, 1, 1500, 4, header.length * 4, ...header]
}

function scatter(n: number): number {
  return Math.imul(n + 1, 0x9e3779b1) >>> 0
}

function counterSample(n: number, ifIndex: number): number[] {
  const counters = [ifIndex, 6, 23, 0x4876e800, 1, 3, ...Array.from({ length: 16 }, (_, i) => n * i)]
  return [2, 12 + 8 + counters.length * 4, n, ifIndex, 1, 1, counters.length * 4, ...counters]
}

function bytesOf(words: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(words.length * 4))
  words.forEach((word, i) => view.setUint32(i * 4, word))
  return new Uint8Array(view.buffer)
}

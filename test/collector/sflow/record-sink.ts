/** A sink that keeps copies of everything, for tests to look at. */
import { SflowDecoder } from '../../../src/collector/sflow/decoder.ts'
import type {
  CounterSample, DatagramHeader, FlowSample, MalformedReason, SflowSink,
} from '../../../src/collector/sflow/samples.ts'

export interface Decoded {
  readonly headers: DatagramHeader[]
  readonly flows: FlowSample[]
  readonly counters: CounterSample[]
  readonly malformed: MalformedReason[]
}

/** Decodes a datagram alone. */
export function decode(bytes: Uint8Array): Decoded {
  const decoded: Decoded = { headers: [], flows: [], counters: [], malformed: [] }
  const sink: SflowSink = {
    datagram: (header) => {
      decoded.headers.push({ ...header })
      return true
    },
    flow: (sample) => void decoded.flows.push({ ...sample, nextHop: { ...sample.nextHop } }),
    counters: (sample) => void decoded.counters.push({ ...sample }),
    malformed: (reason) => void decoded.malformed.push(reason),
  }
  new SflowDecoder(sink).decode(bytes)
  return decoded
}

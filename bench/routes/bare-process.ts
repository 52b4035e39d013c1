/** The floor: takes the bytes of the same streams from gobgpd, and does nothing with them. */
import { FILTER, TABLE, type GobgpDialect } from '../../src/bgp/wire/gobgp-dialect.ts'
import { familyMessage } from '../../src/bgp/wire/gobgp-paths.ts'
import { GOBGP_V3 } from '../../src/bgp/wire/gobgp-v3.ts'
import { GOBGP_V4 } from '../../src/bgp/wire/gobgp-v4.ts'
import { createGrpcChannel, type Rpc } from '../../src/bgp/wire/grpc-channel.ts'

export type BareOrder =
  | { readonly kind: 'watch'; readonly target: string; readonly version: 'v3' | 'v4' }
  | { readonly kind: 'list'; readonly target: string; readonly version: 'v3' | 'v4'; readonly addresses: readonly string[] }
  /** What has come since the last order that was not this one. */
  | { readonly kind: 'report' }

export interface BareReport {
  readonly messages: number
  readonly bytes: number
  /** From the first message to the last. */
  readonly seconds: number
  readonly cpuS: number
}

const LIST_DEADLINE_MS = 3_600_000
let [messages, bytes, firstMs, lastMs] = [0, 0, 0, 0]
let began = process.cpuUsage()

const dialectOf = (version: 'v3' | 'v4'): GobgpDialect => (version === 'v3' ? GOBGP_V3 : GOBGP_V4)
const asBytes = <Request>({ path, encode }: Rpc<Request, unknown>): Rpc<Request, Buffer> => ({ path, encode, decode: (b) => b })

function take(message: Buffer): void {
  lastMs = performance.now()
  if (messages++ === 0) firstMs = lastMs
  bytes += message.length
}

async function obey(order: BareOrder): Promise<object> {
  if (order.kind === 'report') {
    const { user, system } = process.cpuUsage(began)
    return { messages, bytes, seconds: (lastMs - firstMs) / 1000, cpuS: (user + system) / 1e6 } satisfies BareReport
  }
  ;[messages, bytes] = [0, 0]
  began = process.cpuUsage()
  const channel = createGrpcChannel(order.target)
  const dialect = dialectOf(order.version)
  if (order.kind === 'watch') {
    const filters = [{ type: FILTER.adjIn, init: false }]
    channel.stream(asBytes(dialect.watchEvent), { peer: {}, table: { filters } }).on('data', take).on('error', () => undefined)
    return {}
  }
  firstMs = performance.now()
  for (const name of order.addresses) {
    for (const family of [4, 6] as const) {
      const request = {
        table_type: TABLE.adjIn, name, family: familyMessage(family), prefixes: [], enable_only_binary: true,
      }
      await channel.take(asBytes(dialect.listPath), request, LIST_DEADLINE_MS, take)
    }
  }
  channel.close()
  return {}
}

process.on('message', (order: BareOrder) => {
  obey(order).then(
    (done) => process.send!({ done }),
    (error: unknown) => process.send!({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())
process.send!({ done: {} })

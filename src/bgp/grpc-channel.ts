/** gRPC to one gobgpd. */
import {
  Client, credentials, Metadata, type ClientReadableStream, type ServiceError, type status,
} from '@grpc/grpc-js'

/** One RPC: the path of its name and how its messages become bytes. */
export interface Rpc<Request, Reply> {
  readonly path: string
  readonly encode: (request: Request) => Buffer
  readonly decode: (bytes: Buffer) => Reply
}

/**
 * So long may a call with a small reply take, ms: a gobgpd that hangs must not hang the control loop. What
 * has reached its socket it may still carry out when it wakes up (measured): only listing tells.
 */
export const CALL_DEADLINE_MS = 5_000

const OPTIONS = {
  // A list of GoBGP 3.10 may send a destination of any size, and the default is 4 MiB.
  'grpc.max_receive_message_length': -1,
  // grpc-go ends connections that ping more often than every 5 minutes, unless told otherwise.
  'grpc.keepalive_time_ms': 300_000,
  'grpc.keepalive_timeout_ms': 20_000,
  // The caller has the only backoff: a channel is used until it breaks, and shares nothing with the next.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
}

/** A failed call, with gRPC's status of it. */
export class GrpcError extends Error {
  readonly code: status

  constructor(target: string, path: string, cause: ServiceError) {
    super(`gobgpd at ${target}: ${path.split('/').at(-1)}: ${cause.details || cause.message}`, { cause })
    this.name = 'GrpcError'
    this.code = cause.code
  }
}

export interface GrpcChannel {
  readonly target: string
  /** Rejects with GrpcError, at the latest after the deadline. */
  call<Request, Reply>(rpc: Rpc<Request, Reply>, request: Request): Promise<Reply>
  /** A stream of replies; without a deadline it may last for ever. Its errors are ServiceErrors. */
  stream<Request, Reply>(
    rpc: Rpc<Request, Reply>, request: Request, deadlineMs?: number,
  ): ClientReadableStream<Reply>
  /** The replies of a stream, one by one; throws GrpcError. */
  list<Request, Reply>(rpc: Rpc<Request, Reply>, request: Request, deadlineMs: number): AsyncIterable<Reply>
  /** Ends all calls and streams, too. */
  readonly close: () => void
}

/** Connects when first called. `target` is HOST:PORT or unix:/PATH. */
export function createGrpcChannel(target: string): GrpcChannel {
  const client = new Client(target, credentials.createInsecure(), OPTIONS)
  const active = new Set<{ cancel(): void }>()

  const stream: GrpcChannel['stream'] = (rpc, request, deadlineMs) => {
    const { path, encode, decode } = rpc
    const options = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs }
    const replies = client.makeServerStreamRequest(path, encode, decode, request, new Metadata(), options)
    active.add(replies)
    return replies.on('close', () => active.delete(replies))
  }

  return {
    target,
    call: <Request, Reply>(rpc: Rpc<Request, Reply>, request: Request) =>
      new Promise<Reply>((resolve, reject) => {
        const { path, encode, decode } = rpc
        const options = { deadline: Date.now() + CALL_DEADLINE_MS }
        const answer = (error: ServiceError | null, reply?: Reply): void => {
          active.delete(call)
          if (error !== null) reject(new GrpcError(target, path, error))
          else resolve(reply!)
        }
        const call = client.makeUnaryRequest(path, encode, decode, request, new Metadata(), options, answer)
        active.add(call)
      }),
    stream,
    list: async function* (rpc, request, deadlineMs) {
      const replies = stream(rpc, request, deadlineMs)
      try {
        for await (const reply of replies) yield reply as Awaited<ReturnType<typeof rpc.decode>>
      } catch (error) {
        throw isServiceError(error) ? new GrpcError(target, rpc.path, error) : error
      } finally {
        replies.cancel()
      }
    },
    close: () => {
      for (const call of active) call.cancel()
      client.close()
    },
  }
}

/** True for the errors of grpc-js, as opposed to those of our own code in a decoder. */
export function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'details' in error
}

/** gRPC to one gobgpd. */
import {
  Client, credentials, Metadata, status, type ClientReadableStream, type ServiceError,
} from '@grpc/grpc-js'
import { CallTally } from './call-tally.ts'

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
    super(`gobgpd at ${target}: ${path.split('/').at(-1)}: ${withoutFrame(cause.details || cause.message)}`, {
      cause,
    })
    this.name = 'GrpcError'
    this.code = cause.code
  }
}

/** What grpc-js says of a call that failed, without what it says around it each time. */
function withoutFrame(details: string): string {
  return details
    .replace(/^No connection established\. Last error: (?:Error: )?(.*)\. Resolution note: $/s, '$1')
    .replace(/^Deadline exceeded after (\d+\.\d)\d*s\b.*$/s, 'no answer in $1 s')
}

export interface GrpcChannel {
  readonly target: string
  /** Rejects with GrpcError, at the latest after the deadline. */
  call<Request, Reply>(rpc: Rpc<Request, Reply>, request: Request): Promise<Reply>
  /** Requests in a stream, one reply at its end. Rejects as `call` does. */
  send<Request, Reply>(rpc: Rpc<Request, Reply>, requests: readonly Request[]): Promise<Reply>
  /** A stream of replies; without a deadline it may last for ever. Its errors are ServiceErrors. */
  stream<Request, Reply>(
    rpc: Rpc<Request, Reply>, request: Request, deadlineMs?: number,
  ): ClientReadableStream<Reply>
  /** The replies of a stream, one by one; throws GrpcError. */
  list<Request, Reply>(rpc: Rpc<Request, Reply>, request: Request, deadlineMs: number): AsyncIterable<Reply>
  /**
   * Hands over the replies of a stream as they come, and resolves at its end: for a million of them `list`
   * takes too long. Rejects with GrpcError, with what `onReply` throws, or with the reason of the signal.
   */
  take<Request, Reply>(
    rpc: Rpc<Request, Reply>, request: Request, deadlineMs: number, onReply: (reply: Reply) => void,
    signal?: AbortSignal,
  ): Promise<void>
  /** Ends all calls and streams, too. */
  readonly close: () => void
}

/** Connects when first called. `target` is HOST:PORT or unix:/PATH. */
export function createGrpcChannel(target: string, tally = new CallTally()): GrpcChannel {
  const client = new Client(target, credentials.createInsecure(), OPTIONS)
  const active = new Set<{ cancel(): void }>()

  const stream: GrpcChannel['stream'] = (rpc, request, deadlineMs) => {
    const { path, encode, decode } = rpc
    const options = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs }
    const replies = client.makeServerStreamRequest(path, encode, decode, request, new Metadata(), options)
    active.add(replies)
    // One without a deadline is meant to last, and no answer is waited for.
    const end = deadlineMs === undefined ? (code?: status) => code && tally.fail(code) : tally.begin()
    let failure: status | undefined
    replies.on('error', (error: ServiceError) => {
      if (error.code !== status.CANCELLED) failure = error.code
    })
    return replies.on('close', () => {
      active.delete(replies)
      end(failure)
    })
  }

  type Answer<Reply> = (error: ServiceError | null, reply?: Reply) => void
  /** Settles with the one reply of the call that `begin` makes. */
  const replyOf = <Reply>(
    path: string, begin: (options: { deadline: number }, answer: Answer<Reply>) => { cancel(): void },
  ): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const end = tally.begin()
      const call = begin({ deadline: Date.now() + CALL_DEADLINE_MS }, (error, reply) => {
        active.delete(call)
        end(error === null || error.code === status.CANCELLED ? undefined : error.code)
        if (error !== null) reject(new GrpcError(target, path, error))
        else resolve(reply!)
      })
      active.add(call)
    })

  return {
    target,
    call: <Request, Reply>({ path, encode, decode }: Rpc<Request, Reply>, request: Request) =>
      replyOf<Reply>(path, (options, answer) =>
        client.makeUnaryRequest(path, encode, decode, request, new Metadata(), options, answer)),
    send: <Request, Reply>({ path, encode, decode }: Rpc<Request, Reply>, requests: readonly Request[]) =>
      replyOf<Reply>(path, (options, answer) => {
        const call = client.makeClientStreamRequest(path, encode, decode, new Metadata(), options, answer)
        for (const request of requests) call.write(request)
        call.end()
        return call
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
    take: async (rpc, request, deadlineMs, onReply, signal) => {
      signal?.throwIfAborted()
      const replies = stream(rpc, request, deadlineMs)
      const cancel = (): void => replies.cancel()
      signal?.addEventListener('abort', cancel)
      try {
        await new Promise<void>((resolve, reject) => {
          replies.on('error', reject)
          replies.on('end', resolve)
          replies.on('data', (reply: ReturnType<typeof rpc.decode>) => {
            try {
              onReply(reply)
            } catch (error) {
              reject(error)
              replies.cancel()
            }
          })
        })
      } catch (error) {
        signal?.throwIfAborted()
        throw isServiceError(error) ? new GrpcError(target, rpc.path, error) : error
      } finally {
        signal?.removeEventListener('abort', cancel)
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

/** The withdrawal of many routes at once. Pure. */
import type { RouteKey } from './gobgp-api.ts'
import { TABLE, type GobgpDialect } from './gobgp-dialect.ts'
import { familyMessage, isWithdrawalOf, writePrefix } from './gobgp-paths.ts'
import type { Rpc } from './grpc-channel.ts'

/**
 * So many in one message: a message of GoBGP's own client has at most 4 MiB, and these take some 100 bytes
 * each.
 */
const MOST_IN_MESSAGE = 1_000

declare const checked: unique symbol
/** The bytes of an AddPathStream message that withdraws, and adds nothing. */
export type Withdrawals = Buffer & { readonly [checked]: true }

export function withdrawalsRpc({ addPathStream }: GobgpDialect): Rpc<Withdrawals, object> {
  return { path: addPathStream.path, encode: (bytes) => bytes, decode: addPathStream.decodeReply }
}

/**
 * Makes the messages that take back these routes. Protobuf drops without a word what it cannot place, and a
 * path that is no withdrawal would be one to add, so the bytes are read back: throws RangeError, and nothing
 * can be sent, unless they withdraw each of these routes. GoBGP refuses a whole message for one bad path in
 * it.
 */
export function encodeWithdrawals(
  { addPathStream }: GobgpDialect,
  routes: readonly RouteKey[],
): Withdrawals[] {
  const messages: Withdrawals[] = []
  for (let from = 0; from < routes.length; from += MOST_IN_MESSAGE) {
    const some = routes.slice(from, from + MOST_IN_MESSAGE)
    const paths = some.map(({ prefix, pathId }) => ({
      nlri: writePrefix(prefix), family: familyMessage(prefix.family), identifier: pathId, is_withdraw: true,
    }))
    const bytes = addPathStream.encodeRequest({ table_type: TABLE.global, paths })
    const written = addPathStream.decodeRequest(bytes).paths
    const unnamed = some.find((route, i) => written[i] === undefined || !isWithdrawalOf(written[i], route))
    if (unnamed !== undefined || written.length !== some.length) {
      throw new RangeError(`no withdrawal can be made of ${JSON.stringify(unnamed)}: nothing was sent`)
    }
    messages.push(bytes as Withdrawals)
  }
  return messages
}

/** Finds out what API a gobgpd speaks, and takes the adapter for it. */
import { status } from '@grpc/grpc-js'
import type { BgpServer, GobgpApi } from './gobgp-api.ts'
import type { CallTally } from './call-tally.ts'
import { createGobgpAdapter } from './gobgp-adapter.ts'
import { GOBGP_V3 } from './gobgp-v3.ts'
import { GOBGP_V4 } from './gobgp-v4.ts'
import { createGrpcChannel, GrpcError, type GrpcChannel } from './grpc-channel.ts'

export interface GobgpConnection {
  readonly api: GobgpApi
  readonly server: BgpServer
  /** Ends all calls and streams over it. */
  readonly close: () => void
}

/**
 * Connects to the gobgpd at the target, HOST:PORT or unix:/PATH, and makes sure that it runs BGP. Rejects
 * with what is wrong otherwise, and at once when aborted. GoBGP has no reflection service: asking is the only
 * way to tell its versions apart. `tally` counts all that is asked.
 */
export async function connectGobgp(
  target: string,
  aborted: AbortSignal,
  tally?: CallTally,
): Promise<GobgpConnection> {
  const channel = createGrpcChannel(target, tally)
  aborted.addEventListener('abort', channel.close)
  try {
    const { api, server } = await detect(channel)
    if (server.asn === 0) {
      throw new Error(`gobgpd at ${target} has not started BGP: give it a [global.config]`)
    }
    return { api, server, close: channel.close }
  } catch (error) {
    channel.close()
    throw error
  } finally {
    aborted.removeEventListener('abort', channel.close)
  }
}

/** v4 first. Neither version knows the other's service, and GetBgp asks for nothing in both. */
async function detect(channel: GrpcChannel): Promise<Pick<GobgpConnection, 'api' | 'server'>> {
  const v4 = createGobgpAdapter(channel, GOBGP_V4)
  try {
    return { api: v4, server: await v4.getBgp() }
  } catch (error) {
    if (!(error instanceof GrpcError) || error.code !== status.UNIMPLEMENTED) throw error
    const v3 = createGobgpAdapter(channel, GOBGP_V3)
    return { api: v3, server: await v3.getBgp() }
  }
}

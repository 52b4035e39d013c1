/** Finds out what API a gobgpd speaks, and takes the adapter for it. */
import { status } from '@grpc/grpc-js'
import type { BgpServer, GobgpApi } from './gobgp-api.ts'
import { createGobgpV3 } from './gobgp-v3.ts'
import { createGrpcChannel, GrpcError, type GrpcChannel, type Rpc } from './grpc-channel.ts'

export interface GobgpConnection {
  readonly api: GobgpApi
  readonly server: BgpServer
  /** Ends all calls and streams over it. */
  readonly close: () => void
}

/** GetBgp takes an empty message in every version. */
const GET_BGP_V4: Rpc<undefined, Buffer> = {
  path: '/api.GoBgpService/GetBgp',
  encode: () => Buffer.alloc(0),
  decode: (bytes) => bytes,
}

/**
 * Connects to the gobgpd at the target, HOST:PORT or unix:/PATH, and makes sure that it runs BGP. Rejects
 * with what is wrong otherwise, and at once when aborted. GoBGP has no reflection service: asking is the only
 * way to tell its versions apart.
 */
export async function connectGobgp(target: string, aborted: AbortSignal): Promise<GobgpConnection> {
  const channel = createGrpcChannel(target)
  aborted.addEventListener('abort', channel.close)
  try {
    if (await speaks(channel, GET_BGP_V4)) {
      throw new Error(`gobgpd at ${target} speaks API v4, which is not yet supported: run GoBGP 3`)
    }
    const api = createGobgpV3(channel)
    const server = await api.getBgp()
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

async function speaks(channel: GrpcChannel, rpc: Rpc<undefined, unknown>): Promise<boolean> {
  try {
    await channel.call(rpc, undefined)
    return true
  } catch (error) {
    if (error instanceof GrpcError && error.code === status.UNIMPLEMENTED) return false
    throw error
  }
}

/** The kernel's buffer for datagrams that nobody has read yet. */
import type { Logger } from 'pino'

export interface ReceiveBuffer {
  readonly wantedBytes: number
  readonly grantedBytes: number
  /** What to do when it is less than was wanted; undefined when it is not. */
  readonly remedy: string | undefined
}

/**
 * What the kernel granted, by what it tells of the socket. Linux grants twice as much, for its own overhead
 * (socket(7)), and silently cuts it to net.core.rmem_max.
 */
export function judgeReceiveBuffer(toldBytes: number, wantedBytes: number): ReceiveBuffer {
  const grantedBytes = process.platform === 'linux' ? toldBytes / 2 : toldBytes
  const remedy =
    grantedBytes < wantedBytes ? `sysctl -w net.core.rmem_max=${wantedBytes}, then restart` : undefined
  return { wantedBytes, grantedBytes, remedy }
}

export function tellReceiveBuffer(
  { wantedBytes, grantedBytes, remedy }: ReceiveBuffer,
  logger: Logger,
): void {
  if (remedy === undefined) logger.info({ grantedBytes }, 'sFlow receive buffer')
  else logger.warn({ grantedBytes, wantedBytes, remedy }, 'small sFlow receive buffer: bursts may be lost')
}

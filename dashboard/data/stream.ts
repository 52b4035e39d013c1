/** The service's server-sent events, opened again and again for as long as the page lives. */
import type { LiveEvent } from '../../src/api/json/live-event.ts'

const EVENTS = [
  'cycle',
  'override_added',
  'override_withdrawn',
  'decision',
  'alarm',
] as const satisfies readonly LiveEvent['event'][]

const RETRY_MS = 2_000

export interface StreamHandlers {
  /** A stream is open; events may have been missed before it was. */
  readonly opened: () => void
  readonly told: (event: LiveEvent) => void
  readonly lost: () => void
}

export interface Stream {
  open(): void
  /** Gives up a stream that tells nothing any more, and opens another one. */
  reopen(): void
}

export function createStream({ opened, told, lost }: StreamHandlers): Stream {
  let source: EventSource | undefined
  let retry: ReturnType<typeof setTimeout> | undefined

  const open = (): void => {
    clearTimeout(retry)
    source?.close()
    const own = (source = new EventSource('/api/v1/events'))
    own.addEventListener('open', opened)
    own.addEventListener('error', () => {
      lost()
      // The browser itself tries again only after some of the faults that there are.
      own.close()
      if (source === own) retry = setTimeout(open, RETRY_MS)
    })
    for (const event of EVENTS) {
      own.addEventListener(event, ({ data }: MessageEvent<string>) =>
        told({ event, data: JSON.parse(data) as unknown } as LiveEvent),
      )
    }
  }
  return { open, reopen: open }
}

/** Reads server-sent events the way that browsers do (WHATWG HTML, section 9.2.6). */
import { get, type IncomingMessage } from 'node:http'
import { onTestFinished } from 'vitest'

export interface StreamedEvent {
  readonly id: string
  readonly event: string
  readonly data: unknown
}

export interface EventStream {
  readonly response: IncomingMessage
  /** All that have come so far, in order. */
  readonly events: readonly StreamedEvent[]
  /** All that has come, as text. */
  readonly text: () => string
  /** How it ended: in order, or cut off. */
  readonly ended: Promise<'complete' | 'cut off'>
  close(): void
}

/** Opens a stream, which is closed when the test is over. */
export async function openStream(port: number, path = '/api/v1/events'): Promise<EventStream> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ host: '127.0.0.1', port, path }, resolve).on('error', reject)
  })
  onTestFinished(() => void response.destroy())
  let text = ''
  let rest = ''
  const events: StreamedEvent[] = []
  response.setEncoding('utf8')
  response.on('data', (chunk: string) => {
    text += chunk
    const blocks = (rest + chunk).split('\n\n')
    rest = blocks.pop()!
    events.push(...blocks.flatMap(readEvent))
  })
  const ended = new Promise<'complete' | 'cut off'>((resolve) => {
    response.on('end', () => resolve('complete'))
    response.on('error', () => resolve('cut off'))
  })
  return { response, events, text: () => text, ended, close: () => void response.destroy() }
}

function readEvent(block: string): StreamedEvent[] {
  const fields = new Map(
    block.split('\n').map((line) => {
      const [, name, value] = /^([^:]*): ?(.*)$/.exec(line)!
      return [name!, value!] as const
    }),
  )
  const data = fields.get('data')
  if (data === undefined) return []
  return [{ id: fields.get('id')!, event: fields.get('event')!, data: JSON.parse(data) as unknown }]
}

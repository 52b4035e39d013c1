/** The service's end of the thread that keeps the history: requests and their replies. */
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { HistoryReply, HistoryRequest } from './history-thread.ts'
import type { StoreOptions } from './store.ts'

type WithoutNumber<R> = R extends unknown ? Omit<R, 'number'> : never

export interface ThreadClient {
  /** Resolves with what the thread answers; rejects with why it failed, or when the thread has ended. */
  request(request: WithoutNumber<HistoryRequest>): Promise<HistoryReply>
  /** Closes the file, if there is a thread; never rejects. */
  close(): Promise<void>
  /** Ends the thread, whatever it is at. */
  terminate(): void
}

/** Starts a thread at the first request, and another when one has ended. */
export function createThreadClient(options: StoreOptions): ThreadClient {
  let worker: Worker | undefined
  let numbers = 0
  const waiting = new Map<number, { resolve: (reply: HistoryReply) => void; reject: (error: Error) => void }>()

  const end = (why: string): void => {
    worker = undefined
    for (const { reject } of waiting.values()) reject(new Error(why))
    waiting.clear()
  }
  const start = (): Worker => {
    const started = new Worker(new URL(`./history-thread${extname(import.meta.filename)}`, import.meta.url), {
      workerData: options,
      // SQLite in Node.js warns that it may change.
      execArgv: ['--disable-warning=ExperimentalWarning'],
      resourceLimits: { maxOldGenerationSizeMb: 256 },
    })
    started.on('message', (reply: HistoryReply) => {
      const asked = waiting.get(reply.number)
      waiting.delete(reply.number)
      if (reply.kind === 'failed') asked?.reject(new Error(reply.why))
      else asked?.resolve(reply)
    })
    started.once('error', (error) => worker === started && end(`its thread ended: ${error.message}`))
    started.once('exit', () => worker === started && end('its thread ended'))
    return started
  }
  const request: ThreadClient['request'] = (wanted) =>
    new Promise((resolve, reject) => {
      worker ??= start()
      const number = ++numbers
      waiting.set(number, { resolve, reject })
      // A thread has no origin to name.
      // oxlint-disable-next-line unicorn/require-post-message-target-origin
      worker.postMessage({ ...wanted, number })
    })
  return {
    request,
    close: async () => {
      if (worker !== undefined) await request({ kind: 'close' }).catch(() => {})
    },
    terminate: () => {
      void worker?.terminate()
      end('it was stopped')
    },
  }
}

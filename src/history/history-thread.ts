/** The thread that writes and reads the history: a slow disk holds up nobody else. */
import { parentPort, workerData } from 'node:worker_threads'
import { messageOf } from '../model/error-message.ts'
import type { HistoryQuestion, HistoryQuestions, HistoryRecord } from './records.ts'
import { HistoryStore, type StoreOptions, type Written } from './store.ts'

export type HistoryRequest =
  | { readonly kind: 'write'; readonly number: number; readonly records: readonly HistoryRecord[]; readonly nowMs: number }
  | {
      readonly kind: 'ask'
      readonly number: number
      readonly question: HistoryQuestion
      readonly query: HistoryQuestions[HistoryQuestion]['query']
      readonly nowMs: number
    }
  | { readonly kind: 'close'; readonly number: number }

export type HistoryReply =
  | { readonly number: number; readonly kind: 'written'; readonly written: Written }
  | { readonly number: number; readonly kind: 'answer'; readonly answer: HistoryQuestions[HistoryQuestion]['answer'] }
  | { readonly number: number; readonly kind: 'closed' }
  | { readonly number: number; readonly kind: 'failed'; readonly why: string }

const store = new HistoryStore(workerData as StoreOptions)

function serve(request: HistoryRequest): HistoryReply {
  const { number } = request
  try {
    switch (request.kind) {
      case 'write':
        return { number, kind: 'written', written: store.write(request.records, request.nowMs) }
      case 'ask':
        return { number, kind: 'answer', answer: store.ask(request.question, request.query, request.nowMs) }
      case 'close':
        store.close()
        return { number, kind: 'closed' }
    }
  } catch (error) {
    return { number, kind: 'failed', why: messageOf(error) }
  }
}

parentPort!.on('message', (request: HistoryRequest) => {
  // A thread has no origin to name.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort!.postMessage(serve(request))
  if (request.kind === 'close') parentPort!.close()
})

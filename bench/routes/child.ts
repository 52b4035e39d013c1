/** A process that obeys orders, one after the other, over the channel of its parent. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface Child<Order> {
  readonly pid: number
  /** Resolves with the answer, rejects with what went wrong. */
  ask<Answer>(order: Order): Promise<Answer>
  stop(): Promise<void>
}

/** As bin/spillway starts the service. */
const NODE_FLAGS = process.env['NODE_FLAGS']?.split(' ') ?? []

/** Starts `file` of this folder, and resolves when it takes orders. */
export async function startChild<Order extends object>(file: string, ...args: readonly string[]): Promise<Child<Order>> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, { execArgv: ['--expose-gc', ...NODE_FLAGS] })
  await answerOf(child)
  return {
    pid: child.pid!,
    ask: async <Answer>(order: Order) => {
      child.send(order)
      return (await answerOf(child)) as Answer
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController()
  try {
    const options = { signal: ended.signal }
    const [answer] = (await Promise.race([
      once(child, 'message', options),
      once(child, 'exit', options).then(([code]) => [{ error: `a child of the benchmark ended (${code})` }]),
    ])) as [{ readonly done?: unknown; readonly error?: string }]
    if (answer.error !== undefined) throw new Error(answer.error)
    return answer.done
  } finally {
    ended.abort()
  }
}

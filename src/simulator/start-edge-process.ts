/** Starts the simulated edge as a child process and speaks with it. */
import { extname } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { EdgeCommand, EdgeMessage, EdgeState } from './edge-command.ts'
import type { EdgeOptions } from './edge.ts'
import { startTied, type TiedProcess } from './tied-process.ts'

export interface EdgeProcess extends TiedProcess {
  /** What the edge told last; it speaks every 200 ms. */
  state(): EdgeState
  /** Resolves with the result, rejects when the edge refuses the command or has ended. */
  tell(command: EdgeCommand): Promise<unknown>
}

/** The sources' extension in a checkout, the compiled files' in a package. */
const PROGRAM = fileURLToPath(new URL(`./edge-process${extname(import.meta.url)}`, import.meta.url))

/** Resolves when the edge forwards; rejects, with what it printed, when it ends before that. */
export async function startEdgeProcess(options: EdgeOptions): Promise<EdgeProcess> {
  const child = startTied(process.execPath, [PROGRAM], { readsStdout: true })
  const waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>()
  let state: EdgeState = { loads: [], table: [] }
  let nextId = 1
  let end: string | undefined

  createInterface({ input: child.process.stdout! }).on('line', (line) => {
    const message = JSON.parse(line) as EdgeMessage
    switch (message.kind) {
      case 'state':
        state = message
        return
      case 'reply':
        waiting.get(message.id)?.resolve(message.result)
        break
      case 'refusal':
        waiting.get(message.id)?.reject(new Error(`edge: ${message.error}`))
        break
    }
    waiting.delete(message.id)
  })
  const endError = (): Error => new Error(`the edge ended by ${end}\n${child.output}`)
  void child.ended.then((how) => {
    end = how
    for (const { reject } of waiting.values()) reject(endError())
    waiting.clear()
  })

  const tell = (command: EdgeCommand): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (end !== undefined) return reject(endError())
      const id = nextId++
      waiting.set(id, { resolve, reject })
      child.process.stdin!.write(`${JSON.stringify({ id, ...command })}\n`)
    })

  try {
    await tell({ kind: 'start', options })
  } catch (error) {
    await child.stop()
    throw error
  }
  // Spelt out: a spread would freeze what `output` gives.
  const { process: childProcess, pid, ended } = child
  return {
    process: childProcess,
    pid,
    ended,
    get output() {
      return child.output
    },
    stop: () => child.stop(),
    state: () => state,
    tell,
  }
}

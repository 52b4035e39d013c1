/** The simulated edge as a process of its own. It ends when its standard input does. */
import { createInterface } from 'node:readline'
import { createEdge, type Edge } from './edge.ts'
import { runEdgeCommand, type EdgeCommand, type EdgeMessage, type EdgeRequest } from './edge-command.ts'

const STATE_INTERVAL_MS = 200

let edge: Edge | undefined
let reporting: NodeJS.Timeout | undefined

function tell(message: EdgeMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

function tellState(running: Edge): void {
  tell({ kind: 'state', loads: running.loads(), table: running.table() })
}

async function run(command: EdgeCommand): Promise<unknown> {
  if (command.kind !== 'start') {
    if (edge === undefined) throw new Error('the first command is "start"')
    return runEdgeCommand(edge, command)
  }
  if (edge !== undefined) throw new Error('the edge has been started already')
  const started = createEdge(command.options)
  await started.start()
  edge = started
  tellState(started)
  reporting = setInterval(() => tellState(started), STATE_INTERVAL_MS)
  return undefined
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, ...command } = JSON.parse(line) as EdgeRequest
  try {
    tell({ kind: 'reply', id, result: (await run(command)) ?? null })
  } catch (error) {
    tell({ kind: 'refusal', id, error: error instanceof Error ? error.message : String(error) })
  }
}
clearInterval(reporting)
await edge?.stop()

/** How long an event loop keeps others waiting. */
import { monitorEventLoopDelay } from 'node:perf_hooks'

export interface LoopFigures {
  /** Wall time beyond what was due, ms: on a busy machine most of it is the machine's. */
  readonly p99Ms: number
  readonly maxMs: number
  /** The longest turn of the loop by the CPU time that the main thread used in it, ms: whatever else runs. */
  readonly longestTurnMs: number
  /** CPU time of the process, all threads, s. */
  readonly cpuS: number
}

const STEP_MS = 5

export interface LoopWatch {
  stop(): LoopFigures
}

export function watchLoop(): LoopWatch {
  const delay = monitorEventLoopDelay({ resolution: STEP_MS })
  const began = process.cpuUsage()
  let before = threadMs()
  let longestTurnMs = 0
  delay.enable()
  const timer = setInterval(() => {
    const now = threadMs()
    longestTurnMs = Math.max(longestTurnMs, now - before)
    before = now
  }, STEP_MS)
  return {
    stop: () => {
      clearInterval(timer)
      delay.disable()
      const { user, system } = process.cpuUsage(began)
      return {
        p99Ms: Math.max(0, delay.percentile(99) / 1e6 - STEP_MS),
        maxMs: Math.max(0, delay.max / 1e6 - STEP_MS),
        longestTurnMs,
        cpuS: (user + system) / 1e6,
      }
    },
  }
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

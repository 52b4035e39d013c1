/** Tables of text. Pure. */
import { formatRate } from '../src/model/units.ts'
import { PREFIXES } from './edge-network.ts'
import type { Look } from './look.ts'
import type { RushResult } from './rush.ts'

/** Columns as wide as their widest cell; the first one to the left, the others to the right. */
export function renderTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const pad = (cell: string, i: number): string => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))
  const render = (row: readonly string[]): string => row.map(pad).join('   ').trimEnd()
  return `${rows.map(render).join('\n')}\n`
}

/** What a rush was like. */
export function renderRush(title: string, result: RushResult): string {
  const { before, during, after, decidedMs, firstRouteMs, lastRouteMs, homeMs } = result
  const looks = [before, during, after]
  const row = (label: string, cell: (look: Look) => string): string[] => [label, ...looks.map(cell)]
  const table = renderTable([
    [title, 'before', 'during', 'after'],
    row('isp1 (swp1)', ({ isp1Bps }) => formatRate(isp1Bps)),
    row('isp2 (swp2)', ({ isp2Bps }) => formatRate(isp2Bps)),
    row('moved to isp2', ({ moved }) => moved.join(' ') || '-'),
    row('customer knows', ({ customer }) => knownText(customer)),
    row('router2 knows', ({ router2 }) => knownText(router2)),
  ])
  const last = lastRouteMs > firstRouteMs ? `, the last one ${seconds(lastRouteMs)}` : ''
  return `${table}overload to kernel's route: ${seconds(firstRouteMs)} (decided ${seconds(decidedMs)})${last}
end of overload to home: ${seconds(homeMs)}
`
}

/** How long each of several rushes took, from its step on, and the longest of each. */
export function renderRuns(results: readonly RushResult[]): string {
  const times = results.map((one) => [one.decidedMs, one.firstRouteMs, one.lastRouteMs, one.homeMs])
  const longest = [0, 1, 2, 3].map((i) => Math.max(...times.map((row) => row[i]!)))
  return renderTable([
    ['run', 'decided', 'first route', 'last route', 'home'],
    ...times.map((row, i) => [String(i + 1), ...row.map(seconds)]),
    ['longest', ...longest.map(seconds)],
  ])
}

/** `3.41 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}

function knownText(prefixes: readonly string[]): string {
  const lost = PREFIXES.filter((prefix) => !prefixes.includes(prefix))
  return lost.length === 0 ? `all ${PREFIXES.length}` : `all but ${lost.join(' ')}`
}

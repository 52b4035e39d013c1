/** Scores as a table. */
import type { Score } from '../../src/simulator/steering/play-trace.ts'

type Figure = Exclude<keyof Score, 'rule' | 'trace' | 'seed'>

const COLUMNS: readonly { readonly figure: Figure; readonly title: string; readonly text: (value: number) => string }[] = [
  { figure: 'droppedBytes', title: 'dropped', text: (bytes) => `${(bytes / 1e9).toFixed(1)} GB` },
  { figure: 'overloadSeconds', title: 'over the mark', text: (seconds) => `${seconds.toFixed(0)} s` },
  { figure: 'detouredShare', title: 'detoured', text: (share) => `${(share * 100).toFixed(2)} %` },
  { figure: 'changesPerHour', title: 'changes', text: (count) => `${count.toFixed(0)} /h` },
  { figure: 'flapsPerPrefixHour', title: 'flaps', text: (count) => `${count.toFixed(3)} /prefix/h` },
  { figure: 'worstExit', title: 'worst exit', text: (share) => `${(share * 100).toFixed(0)} %` },
]
/** In these the least is best, and Spillway must lead. */
const LED: readonly Figure[] = ['droppedBytes', 'overloadSeconds', 'flapsPerPrefixHour']
const isOurs = (rule: string): boolean => rule.startsWith('spillway')

/** One block for each trace, means over its seeds, and what does not lead. */
export function renderScores(scores: readonly Score[]): string {
  return [...Map.groupBy(scores, ({ trace }) => trace)].map(([trace, own]) => renderTrace(trace, own)).join('\n')
}

function renderTrace(trace: string, scores: readonly Score[]): string {
  const rows = [...Map.groupBy(scores, ({ rule }) => rule)].map(([rule, own]) => ({
    rule,
    means: Object.fromEntries(COLUMNS.map(({ figure }) => [figure, mean(own.map((score) => score[figure]))])) as Record<Figure, number>,
  }))
  const [ours, others] = [rows.filter(({ rule }) => isOurs(rule)), rows.filter(({ rule }) => !isOurs(rule))]
  const behind = ours.flatMap(({ rule, means: own }) =>
    LED.flatMap((figure) => {
      const better = others.filter(({ means }) => means[figure] < own[figure] * 0.99).map((other) => other.rule)
      return better.length === 0 ? [] : [`${rule} is not the best: ${titleOf(figure)}: better is ${better.join('; ')}`]
    }),
  )
  const header = ['', ...COLUMNS.map(({ title }) => title)]
  const lines = rows.map(({ rule, means }) => [rule, ...COLUMNS.map(({ figure, text }) => text(means[figure]))])
  const widths = header.map((_, c) => Math.max(...[header, ...lines].map((line) => line[c]!.length)))
  const table = [header, ...lines].map((line) =>
    line.map((cell, c) => (c === 0 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!))).join('  '),
  )
  return `${trace}\n${table.join('\n')}\n${behind.map((text) => `  ${text}\n`).join('')}`
}

function titleOf(figure: Figure): string {
  return COLUMNS.find((column) => column.figure === figure)!.title
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

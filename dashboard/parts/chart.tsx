/** One interface's load over time, drawn by uPlot. */
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { Interface } from '../data/rest.ts'
import type { Trend } from '../data/trends.ts'
import { rateText } from '../data/words.ts'

interface ChartProps {
  readonly of: Interface
  readonly trend: Trend
  /** Colours are: they are read when the chart is made. */
  readonly dark: boolean
  /** rem. */
  readonly height: number
  /** Seconds since the epoch. */
  readonly from: number
  readonly to: number
  readonly legend: boolean
}

export function Chart({ of: one, trend, dark, height, from, to, legend }: ChartProps) {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(undefined)
  const data = toData(one, trend)
  const latest = useRef(data)
  latest.current = data

  useEffect(() => {
    const element = box.current!
    const made = new uPlot(optionsOf(element, height * remPx(), legend), latest.current, element)
    plot.current = made
    const watching = new ResizeObserver(() => {
      if (element.clientWidth > 0) made.setSize({ width: element.clientWidth, height: height * remPx() })
    })
    watching.observe(element)
    return () => {
      watching.disconnect()
      made.destroy()
    }
  }, [dark, height, legend])

  useEffect(() => {
    plot.current?.batch(() => {
      plot.current!.setData(data, false)
      plot.current!.setScale('x', { min: from, max: to })
    })
  })
  return <div ref={box} class="chart" style={{ minHeight: `${height}rem` }} />
}

/** Series in the order of the chart: natural, measured, planned, then what they are compared with. */
function toData(one: Interface, { times, natural, out, planned }: Trend): uPlot.AlignedData {
  const level = (share: number): (number | null)[] =>
    times.map(() => (one.speed_bps === null ? null : one.speed_bps * share))
  return [[...times], [...natural], [...out], [...planned], level(1), level(one.high_watermark), level(one.low_watermark)]
}

function optionsOf(element: HTMLElement, height: number, legend: boolean): uPlot.Options {
  const style = getComputedStyle(element)
  const color = (name: string): string => style.getPropertyValue(name).trim()
  const size = Number.parseFloat(style.fontSize)
  const font = `${Math.round(size * 0.8)}px ${style.fontFamily}`
  const ratio = size / 16
  const value = (_: uPlot, bps: number | null): string => rateText(bps)
  const line = (label: string, name: string, more: Partial<uPlot.Series> = {}): uPlot.Series => ({
    label, stroke: color(name), width: 2 * ratio, points: { show: false }, value, ...more,
  })
  const axis = { stroke: color('--muted'), font, grid: { stroke: color('--line'), width: 1 }, ticks: { show: false } }
  return {
    width: element.clientWidth,
    height,
    legend: { show: legend, live: true },
    cursor: { show: legend, y: false, drag: { x: false, y: false } },
    scales: { y: { range: (_, low, high) => [0, Math.max(high ?? 0, low ?? 0, 1) * 1.06] } },
    axes: [
      { ...axis, space: 70 * ratio, size: 26 * ratio, values: clockLabels },
      { ...axis, size: 84 * ratio, space: 28 * ratio, values: (_, marks) => marks.map((bps) => rateText(bps)) },
    ],
    series: [
      { value: (_, seconds) => (seconds === null ? '' : new Date(seconds * 1_000).toLocaleTimeString('en-GB')) },
      line('natural', '--ink', { dash: [4 * ratio, 3 * ratio], width: 1.5 * ratio }),
      line('measured', '--measured'),
      line('planned', '--muted', { width: 1 * ratio, dash: [1, 3] }),
      line('speed', '--ink', { width: 1 }),
      line('high watermark', '--high', { width: 1.5 * ratio }),
      line('low watermark', '--muted', { width: 1 * ratio, dash: [6, 4] }),
    ],
    // Down from the upper line only: each band shows where the one load is above the other.
    bands: [
      { series: [1, 2], fill: color('--away-fill'), dir: -1 },
      { series: [2, 1], fill: color('--brought-fill'), dir: -1 },
    ],
  }
}

function remPx(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
}

function clockLabels(_: uPlot, seconds: number[]): string[] {
  const withSeconds = (seconds[1] ?? 0) - (seconds[0] ?? 0) < 60
  return seconds.map((one) => new Date(one * 1_000).toLocaleTimeString('en-GB').slice(0, withSeconds ? 8 : 5))
}

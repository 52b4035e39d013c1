/** The live table as lines of a terminal's size. All that colors say is said in words, too. Pure. */
import { clip, span, type Line, type Style } from '../../process/styled-line.ts'
import { percentText, rateText } from '../render-answers.ts'
import type { InterfaceAnswer } from '../service-answers.ts'
import { ageText } from '../text-table.ts'
import { keyOf, type Snapshot, type Sort, type TopState } from './top-state.ts'

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** Figures of an interface take so many columns, and the bar the rest. */
const FIGURES_COLUMNS = 69
const NARROWEST_BAR = 8
const WIDEST_BAR = 50
/** So many prefixes stay in sight, however many interfaces there are. */
const LEAST_BELOW = 6
const STATE_STYLES: Readonly<Record<string, Style>> = {
  ok: 'green', high: 'red', relieved: 'yellow', down: 'red', stale: 'dim',
}
const KEYS = 'q quit  up/down choose  s sort  r reverse  o overrides  p pause  h help'
const HELP = [
  'OUT: what it carries. NATURAL: what it would carry without overrides. PLANNED:',
  'what the plan comes to. In the bar # is OUT, + what overrides keep away, : the',
  'relief target, | the high watermark. Below: of the chosen interface, or of all.',
]

/** Lines of at most `columns` characters, `rows` at most; `trouble`: why there is no news. */
export function renderTop(shot: Snapshot, state: TopState, { columns, rows }: Size, trouble?: string): Line[] {
  const head = [...renderHead(shot, state, trouble), []]
  const foot: Line[] = [[], ...(state.helps ? HELP.map((line) => [span(line, 'dim')]) : []), [span(KEYS, 'dim')]]
  const room = Math.max(2, rows - head.length - foot.length)
  const interfaces = renderInterfaces(shot.interfaces, state, columns)
  const most = Math.max(3, room - LEAST_BELOW)
  const shown = interfaces.length > most ? window(interfaces, shot, state, most) : interfaces
  const free = Math.max(0, room - shown.length - 1)
  const below = renderBelow(shot, state).slice(0, free)
  const gap = Array.from({ length: free - below.length }, (): Line => [])
  return [...head, ...shown, [], ...below, ...gap, ...foot].slice(0, rows).map((line) => clip(line, columns))
}

/** One table for output that is no terminal: all interfaces, then the prefixes or overrides. */
export function renderOnce(shot: Snapshot, state: TopState, columns: number): Line[] {
  return [
    ...renderHead(shot, state), [], ...renderInterfaces(shot.interfaces, state, columns), [], ...renderBelow(shot, state),
  ]
}

function renderHead({ status, url, overrides }: Snapshot, state: TopState, trouble?: string): Line[] {
  const installed = overrides.filter((one) => one.state === 'installed').length
  const clock = `${status.time.slice(11, 19)} UTC`
  const what = `spillway ${status.version}  ${status.mode}  ${clock}  overrides: ${installed}`
  const paused = state.isPaused ? [span('  PAUSED', 'yellow')] : []
  const lines: Line[] = [[span(what, 'bold'), ...paused, span(`  ${url}`)]]
  if (trouble !== undefined) lines.push([span(`no news: ${trouble}`, 'red')])
  const [first, ...others] = status.alarms
  if (first !== undefined) {
    const more = others.length === 0 ? '' : `(and ${others.length} more) `
    lines.push([span(`ALARM ${more}${first.message}`, 'red')])
  }
  const routers = status.routers.flatMap(({ name, bgp_session: session, telemetry }) => [
    ...(session.up ? [] : [`${name}: no BGP session`]),
    ...(telemetry.state === 'fresh' ? [] : [`${name}: telemetry ${telemetry.state ?? 'unknown'}`]),
  ])
  if (routers.length > 0) lines.push([span(routers.join(', '), 'yellow')])
  return lines
}

/** A title and a line for each. */
function renderInterfaces(interfaces: readonly InterfaceAnswer[], state: TopState, columns: number): Line[] {
  const width = Math.max(NARROWEST_BAR, Math.min(WIDEST_BAR, columns - FIGURES_COLUMNS - 2))
  const title = row('', 'ROUTER', 'INTERFACE', 'STATE', 'OUT', '%', 'NATURAL', 'PLANNED')
  return [
    [span(title, 'bold')],
    ...interfaces.map((i): Line => {
      const isSelected = state.selected === keyOf(i.router, i.name)
      const text = row(
        isSelected ? '>' : '', i.router, i.name, i.state,
        rateText(i.out_bps), percentText(i.utilization), rateText(i.natural_bps), rateText(i.planned_bps),
      )
      return [
        span(text, isSelected ? 'bold' : 'plain'),
        span(` ${bar(i, width)}`, STATE_STYLES[i.state] ?? 'plain'),
      ]
    }),
  ]
}

function row(
  mark: string, router: string, name: string, state: string,
  out: string, share: string, natural: string, planned: string,
): string {
  return [
    mark.padEnd(1), cell(router, 9), cell(name, 11), state.padEnd(8), out.padStart(10), share.padStart(3),
    natural.padStart(10), planned.padStart(10),
  ].join(' ')
}

/** A name that is too long loses its middle: the ends tell more. */
function cell(text: string, width: number): string {
  if (text.length <= width) return text.padEnd(width)
  const end = Math.floor((width - 1) / 2)
  return `${text.slice(0, width - 1 - end)}~${text.slice(-end)}`
}

/** `###+++..:..|..`: carried, kept away by overrides, free; with the relief target and the high watermark. */
function bar(i: InterfaceAnswer, width: number): string {
  const speed = i.speed_bps ?? 0
  if (speed === 0 || i.out_bps === null) return '?'.padEnd(width)
  const cells = (bps: number): number => Math.min(width, Math.round((bps / speed) * width))
  const carried = cells(i.out_bps)
  const natural = i.state === 'relieved' || i.state === 'high' ? cells(i.natural_bps ?? 0) : 0
  const [target, high] = [i.relief_target, i.high_watermark].map((mark) => Math.min(width - 1, Math.round(mark * width)))
  return Array.from({ length: width }, (_, c) =>
    c === high ? '|' : c === target ? ':' : c < carried ? '#' : c < natural ? '+' : '.').join('')
}

/** The lines around the selected interface that fit, and how many do not. */
function window(lines: readonly Line[], { interfaces }: Snapshot, { selected }: TopState, most: number): Line[] {
  const [title, ...all] = lines
  const at = Math.max(0, interfaces.findIndex((i) => keyOf(i.router, i.name) === selected))
  const first = Math.max(0, Math.min(at - Math.floor((most - 2) / 2), all.length - (most - 2)))
  const shown = all.slice(first, first + most - 2)
  return [title!, ...shown, [span(`  ${all.length - shown.length} more interfaces`, 'dim')]]
}

function renderBelow(shot: Snapshot, state: TopState): Line[] {
  return state.shows === 'prefixes' ? renderPrefixes(shot, state) : renderOverrides(shot, state)
}

const PREFIX_WIDTH = 26

function renderPrefixes({ prefixes, overrides }: Snapshot, state: TopState): Line[] {
  const chosen = prefixes.filter((one) => isChosen(state, one.router, one.interface))
  const order = state.isReversed ? ', rev' : ''
  const targets = new Map(overrides.map((one) => [one.id, one]))
  const title = `  ${'PREFIX'.padEnd(PREFIX_WIDTH)} ${'INTERFACE'.padEnd(11)} ${'RATE'.padStart(10)} ${'SAMPLES'.padStart(8)}  `
  const rows = sorted(chosen, state, {
    rate: (one) => -one.bps,
    samples: (one) => -one.samples,
    interface: (one) => keyOf(one.router, one.interface),
    prefix: (one) => one.prefix,
  }).map((one): Line => {
    const text = `  ${one.prefix.padEnd(PREFIX_WIDTH)} ${cell(one.interface, 11)} ${rateText(one.bps).padStart(10)} ${String(one.samples).padStart(8)}  `
    const moved = one.override === null ? undefined : targets.get(one.override)
    const story = moved === undefined ? '' : `to ${moved.to_interface}${moved.state === 'installed' ? '' : `, ${moved.state}`}`
    return [span(text), span(story, 'yellow')]
  })
  const none: Line[] = rows.length > 0 ? rows : [[span('  no traffic', 'dim')]]
  return [[span(title, 'bold'), span(`by ${state.sort}${order}`, 'dim')], ...none]
}

function renderOverrides({ overrides, status }: Snapshot, state: TopState): Line[] {
  const nowMs = Date.parse(status.time)
  const chosen = overrides.filter(
    (one) => isChosen(state, one.router, one.from_interface) || isChosen(state, one.router, one.to_interface),
  )
  const title = `  ${'OVERRIDE'.padEnd(22)} ${'FROM > TO'.padEnd(21)} ${'RATE'.padStart(10)} ${'AGE'.padStart(8)}  STATE`
  const rows = sorted(chosen, state, {
    rate: (one) => -(one.bps ?? 0),
    samples: (one) => -Date.parse(one.since),
    interface: (one) => keyOf(one.router, one.from_interface),
    prefix: (one) => one.prefix,
  }).map((one): Line => {
    const way = `${cell(one.from_interface, 9)} > ${cell(one.to_interface, 9)}`
    const age = ageText(nowMs - Date.parse(one.since)).padStart(8)
    return [span(`  ${cell(one.prefix, 22)} ${way} ${rateText(one.bps).padStart(10)} ${age}  ${one.state}`)]
  })
  return [[span(title, 'bold')], ...(rows.length > 0 ? rows : [[span('  no overrides', 'dim')]])]
}

function isChosen({ selected }: TopState, router: string, name: string): boolean {
  return selected === undefined || selected === keyOf(router, name)
}

function sorted<Row>(
  rows: readonly Row[],
  { sort, isReversed }: TopState,
  figures: Readonly<Record<Sort, (row: Row) => number | string>>,
): Row[] {
  const figure = figures[sort]
  const inOrder = rows.toSorted((a, b) => {
    const [left, right] = [figure(a), figure(b)]
    if (typeof left === 'number' && typeof right === 'number') return left - right
    return String(left).localeCompare(String(right), 'en', { numeric: true })
  })
  return isReversed ? inOrder.toReversed() : inOrder
}

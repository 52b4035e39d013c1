/** The live view as lines of styled text: what a terminal of this size shows now. Pure. */
import { formatRate } from '../model/units.ts'
import { EXITS, HIGH_WATERMARK, LOW_WATERMARK, SPEED_BPS } from './demo-edge.ts'
import { clip, span, type Line, type Span } from '../process/styled-line.ts'
import { countText, type Observation } from './observation.ts'

export interface Event {
  readonly atMs: number
  readonly kind: 'tells' | 'passes' | 'fails' | 'decision' | 'loads'
  readonly text: string
}

export interface Scene {
  readonly steps: readonly string[]
  /** Name of the step that plays; undefined before the first. */
  readonly step: string | undefined
  readonly now: Observation | undefined
  readonly events: readonly Event[]
  readonly restBase: string | undefined
  /** Of the service's API. */
  readonly token: string
}

const NAME = 'Spillway'
const TITLE = `${NAME}: rush hour at a simulated edge`
const LABEL_COLUMNS = 9
const FIGURES_COLUMNS = 36
/** A terminal of so many columns also has room for what says the same in other words. */
const WIDE_COLUMNS = 100
const MEASURED_COLUMNS = 16
/** Of the time and the mark before an event's text. */
const EVENT_INDENT = 11
const NARROWEST_BAR = 10
const WIDEST_BAR = 60
const SHOWN_OVERRIDES = 6
const SHOWN_EVENTS = 8
const MARKS: Readonly<Record<Event['kind'], Span>> = {
  tells: span('▸ ', 'bold'),
  passes: span('✔ ', 'green'),
  fails: span('✘ ', 'red'),
  decision: span('→ ', 'yellow'),
  loads: span('· ', 'dim'),
}

/** Lines of at most `columns` characters, fewer than `rows`; the latest events give way last. */
export function renderScreen(scene: Scene, columns: number, rows: number): Line[] {
  const head = [
    [span(columns < WIDE_COLUMNS ? NAME : TITLE, 'bold'), ...renderSteps(scene)],
    [],
    ...EXITS.map(({ name }) => renderInterface(name, scene.now, columns)),
    renderScale(columns),
    renderLegend(columns),
    [],
    ...renderOverrides(scene.now),
    [],
  ]
  const foot: Line[] = scene.restBase === undefined ? [] : [[], ...renderLinks(scene.restBase, scene.token)]
  const room = Math.max(1, Math.min(SHOWN_EVENTS, rows - 1 - head.length - foot.length))
  const lines = [...head, ...renderLatest(scene.events, columns, room), ...foot]
  return lines.slice(-Math.max(1, rows - 1)).map((line) => clip(line, columns))
}

/** An event as a line of its own. */
export function renderEvent({ atMs, kind, text }: Event): Line {
  return [span(`${clockText(atMs)} `, 'dim'), MARKS[kind], span(text, kind === 'fails' ? 'red' : 'plain')]
}

/** The loads in one line, for output that is no terminal. */
export function renderLoads({ loads, interfaces, overrides }: Observation): string {
  const exits = EXITS.map(({ name }) => {
    const natural = interfaces[name]?.natural_bps
    const naturalText = typeof natural === 'number' ? ` (natural ${formatRate(natural)})` : ''
    return `${name} ${formatRate(loads[name]?.bps ?? 0)}${naturalText}`
  })
  return `${exits.join(', ')}; ${countText(overrides.length)}`
}

function renderSteps({ steps, step }: Scene): Span[] {
  return steps.flatMap((name, i) => [
    span(i === 0 ? '   ' : ' › ', 'dim'),
    name === step ? span(name.toUpperCase(), 'bold') : span(name, 'dim'),
  ])
}

/**
 * Full blocks: what the link carries. Shades: its natural load beyond that, as far as overrides keep it away;
 * without one the natural load is only late, as every measurement is.
 */
function renderInterface(name: string, now: Observation | undefined, columns: number): Line {
  const carriedBps = now?.loads[name]?.bps ?? 0
  const known = now?.interfaces[name]
  const naturalBps = known?.natural_bps
  const isRelieved = now?.overrides.some(({ from_interface: from }) => from === name) === true
  const shadedBps = isRelieved ? (naturalBps ?? 0) : 0
  const width = barColumns(columns)
  const cell = (bps: number): number => Math.round((bps / SPEED_BPS) * width)
  const share = carriedBps / SPEED_BPS
  const style = share > HIGH_WATERMARK ? 'red' : share > LOW_WATERMARK ? 'yellow' : 'green'
  const marks = new Map([[cell(LOW_WATERMARK * SPEED_BPS), '┊'], [cell(HIGH_WATERMARK * SPEED_BPS), '│']])
  const cells = Array.from({ length: width }, (_, i) => {
    const mark = marks.get(i)
    if (mark !== undefined) return span(mark, 'bold')
    if (i < cell(carriedBps)) return span('█', style)
    return i < cell(shadedBps) ? span('▒', 'dim') : span('·', 'dim')
  })
  const measured = columns < WIDE_COLUMNS ? '' : `  measured ${figure(known?.out_bps)}`
  return [
    span(name.padEnd(LABEL_COLUMNS), 'bold'), ...cells, span(` ${figure(carriedBps)} Mbps`, style),
    span(`${measured}  natural ${figure(naturalBps)}  ${known?.state ?? ''}`, 'dim'),
  ]
}

function renderScale(columns: number): Line {
  const width = barColumns(columns)
  const low = Math.round(LOW_WATERMARK * width)
  const text = `┊ ${LOW_WATERMARK * 100} % relief target   │ ${HIGH_WATERMARK * 100} % act   ▒ detoured`
  const indent = LABEL_COLUMNS + Math.max(0, Math.min(low, columns - LABEL_COLUMNS - text.length))
  return [span(' '.repeat(indent) + text, 'dim')]
}

/** What the figures are. */
function renderLegend(columns: number): Line {
  const text =
    columns < WIDE_COLUMNS
      ? '█ forwarded now   natural: without overrides, over the last seconds'
      : '█ forwarded now   measured: by the service, over the last seconds   natural: that, without overrides'
  return [span(text, 'dim')]
}

function renderOverrides(now: Observation | undefined): Line[] {
  const overrides = now?.overrides ?? []
  if (overrides.length === 0) return [[span('no overrides', 'dim')]]
  const shown = overrides.length > SHOWN_OVERRIDES ? overrides.slice(0, SHOWN_OVERRIDES - 1) : overrides
  const lines: Line[] = shown.map((one) => {
    // Behind the colon comes what moved, as it was when it was decided; the row has that as it is now.
    const [why = ''] = one.reason.split(': ')
    return [
      span(one.prefix.padEnd(18), 'bold'),
      span(`${one.from_interface} → ${one.to_interface}  ${figure(one.bps)} Mbps  `, 'plain'),
      span(one.state === 'installed' ? why : `${one.state}: ${why}`, 'dim'),
    ]
  })
  const hidden = overrides.length - shown.length
  return hidden === 0 ? lines : [...lines, [span(`and ${hidden} more`, 'dim')]]
}

function renderLinks(base: string, token: string): Line[] {
  return [
    [span(`${base}/`, 'plain'), span(`  the page; to change the mode there, the token is ${token}`, 'dim')],
    [span(`${base}/api/v1/interfaces`, 'plain'), span('  also overrides and decisions', 'dim')],
    [span('Ctrl-C ends the demo', 'dim')],
  ]
}

function barColumns(columns: number): number {
  const figures = FIGURES_COLUMNS + (columns < WIDE_COLUMNS ? 0 : MEASURED_COLUMNS)
  return Math.max(NARROWEST_BAR, Math.min(WIDEST_BAR, columns - LABEL_COLUMNS - figures))
}

/** The latest events that fit as a whole; the end of the last one when not even that fits. */
function renderLatest(events: readonly Event[], columns: number, room: number): Line[] {
  let lines: Line[] = []
  for (const event of events.toReversed()) {
    const more = [...wrap(renderEvent(event), columns), ...lines]
    if (more.length > room) return lines.length > 0 ? lines : more.slice(-room)
    lines = more
  }
  return lines
}

/** An event over as many lines as its text needs. */
function wrap(line: Line, columns: number): Line[] {
  const [time, mark, { text, style }] = line as [Span, Span, Span]
  const width = Math.max(NARROWEST_BAR, columns - EVENT_INDENT)
  const rows = text.split(' ').reduce<string[]>((done, word) => {
    const last = done.at(-1)
    if (last === undefined || last.length + 1 + word.length > width) return [...done, word]
    return [...done.slice(0, -1), `${last} ${word}`]
  }, [])
  const indent = span(' '.repeat(EVENT_INDENT), 'plain')
  return rows.map((row, i) => [...(i === 0 ? [time, mark] : [indent]), span(row, style)])
}

/** Mbps in five columns. */
function figure(bps: number | null | undefined): string {
  return (typeof bps === 'number' ? (bps / 1e6).toFixed(1) : '?').padStart(5)
}

function clockText(atMs: number): string {
  return new Date(atMs).toTimeString().slice(0, 8)
}

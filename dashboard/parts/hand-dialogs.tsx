/** What operators order by hand for one prefix: a pin to an exit, and a withdrawal. */
import { useState } from 'preact/hooks'
import { send, type Interface, type Override } from '../data/rest.ts'
import { percentText, rateText, shareText } from '../data/words.ts'
import { ChangeDialog } from './change-dialog.tsx'

const SPANS = [
  ['10m', '10 minutes'],
  ['30m', '30 minutes'],
  ['2h', '2 hours'],
  ['12h', '12 hours'],
  ['168h', 'a week'],
] as const
type Span = (typeof SPANS)[number][0]

const spanText = (span: Span): string => SPANS.find(([value]) => value === span)![1]

interface SpanFieldProps {
  readonly label: string
  readonly span: Span
  readonly onSpan: (span: Span) => void
}

function SpanField({ label, span, onSpan }: SpanFieldProps) {
  return (
    <label class="field">
      {label}
      <select value={span} onChange={({ currentTarget }) => onSpan(currentTarget.value as Span)}>
        {SPANS.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
}

interface PinDialogProps {
  readonly router: string
  readonly prefix: string
  /** Demand towards it, bit/s; undefined when unknown. */
  readonly bps: number | undefined
  readonly interfaces: readonly Interface[]
  readonly onClose: () => void
}

export function PinDialog({ router, prefix, bps, interfaces, onClose }: PinDialogProps) {
  const exits = interfaces.filter((one) => one.router === router)
  const [to, setTo] = useState('')
  const [span, setSpan] = useState<Span>('30m')
  const exit = exits.find(({ name }) => name === to)
  return (
    <ChangeDialog
      title={`Pin ${prefix} to an exit`}
      effects={exit === undefined ? [] : tellPin(prefix, exit, bps, span)}
      confirm="Pin it"
      dangerous={false}
      change={async (token) => {
        const answer = await send<{ message?: string }>('POST', 'overrides', token, {
          router, prefix, to_interface: to, ttl: span,
        })
        return answer.message ?? `${prefix} is pinned to ${to} for ${spanText(span)}.`
      }}
      onClose={onClose}
    >
      <label class="field">
        Leads to
        <select value={to} onChange={({ currentTarget }) => setTo(currentTarget.value)}>
          <option value="">choose an interface</option>
          {exits.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <SpanField label="For" span={span} onSpan={setSpan} />
    </ChangeDialog>
  )
}

function tellPin(prefix: string, exit: Interface, bps: number | undefined, span: Span): string[] {
  const { name, planned_bps: planned, speed_bps: speed, high_watermark: high } = exit
  const load = (extra: number): string => shareText(planned === null ? null : planned + extra, speed)
  return [
    `${prefix}${bps === undefined ? '' : ` (${rateText(bps)})`} leaves by ${name} for ${spanText(span)}, then Spillway decides again.`,
    `${name} is planned to carry ${load(0)}, and with it at most ${load(bps ?? 0)}; its high watermark is ${percentText(high)}.`,
    'All guards hold: where one refuses, nothing is changed and it says why.',
  ]
}

interface WithdrawDialogProps {
  readonly of: Override
  readonly onClose: () => void
}

export function WithdrawDialog({ of: { id, prefix, from_interface: from, bps }, onClose }: WithdrawDialogProps) {
  const [span, setSpan] = useState<Span>('30m')
  return (
    <ChangeDialog
      title={`Withdraw ${prefix}`}
      effects={[
        `${prefix} (${rateText(bps)}) goes where BGP alone puts it${from === '' ? '' : `: back to ${from}`}.`,
        `It is not moved again for ${spanText(span)}, and neither is what shares addresses with it, but by a pin.`,
      ]}
      confirm="Withdraw it"
      dangerous
      change={async (token) => {
        const path = `overrides/${encodeURIComponent(id)}?for=${span}`
        const { state } = await send<{ state: string }>('DELETE', path, token)
        return state === 'withdrawn' ? `${prefix} is withdrawn.` : `${prefix} goes as soon as GoBGP answers.`
      }}
      onClose={onClose}
    >
      <SpanField label="Keep it out for" span={span} onSpan={setSpan} />
    </ChangeDialog>
  )
}

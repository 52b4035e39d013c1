/** What is not to be tried again for a while, and why. Pure. */
import { comparePrefixes, contains, overlaps, type Prefix } from '../../model/prefix.ts'
import type { PinResult } from './pin.ts'

/**
 * `refused`: GoBGP did not take the override. `not sent`: GoBGP holds it and does not send it to the router.
 * `without effect`: it was in force, and the traffic stayed. `unsteady`: its alternate comes and goes. What else shows an override to be in vain gets a
 * kind of its own here.
 */
type FailureKind = 'refused' | 'not sent' | 'without effect' | 'unsteady'
/** `by hand`: an operator withdrew it. */
export type SetAsideKind = FailureKind | 'by hand'

export interface SetAside {
  readonly kind: SetAsideKind
  readonly prefix: Prefix
  readonly fromInterface: string
  readonly toInterface: string
  /** One sentence for an operator. */
  readonly why: string
  /** How often in a row. */
  readonly times: number
  /**
   * Tried again from then on, ms; it is remembered for longer, so that the next failure counts as one more.
   */
  readonly untilMs: number
  readonly forgottenMs: number
}

/** How long each kind is left alone after so many times in a row, ms; 0 tries again at once. */
const AWAY_MS: Readonly<Record<FailureKind, (times: number) => number>> = {
  refused: (times) => (times < 3 ? 0 : 300_000),
  'not sent': (times) => Math.min(60_000 * 2 ** (times - 1), 600_000),
  unsteady: (times) => (times < 2 ? 0 : Math.min(30_000 * 2 ** (times - 1), 1_800_000)),
  'without effect': (times) => Math.min(1_800_000 * 2 ** (times - 1), 28_800_000),
}
/** A failure is remembered at least so long after its last time. */
const REMEMBERED_MS = 300_000

/** All that is set aside after an override failed once more; what is away already stays so for no longer. */
export function setAside(
  all: readonly SetAside[],
  {
    kind,
    prefix,
    fromInterface,
    toInterface,
    why,
  }: Pick<SetAside, 'prefix' | 'fromInterface' | 'toInterface' | 'why'> & { readonly kind: FailureKind },
  nowMs: number,
): readonly SetAside[] {
  const failed = { kind, prefix, fromInterface, toInterface, why }
  const before = all.find((one) => isSame(one, failed))
  if (before !== undefined && nowMs < before.untilMs) return all
  const times = (before?.times ?? 0) + 1
  const awayMs = AWAY_MS[kind](times)
  const forgottenMs = nowMs + Math.max(REMEMBERED_MS, 2 * awayMs)
  return [...all.filter((one) => one !== before), { ...failed, times, untilMs: nowMs + awayMs, forgottenMs }]
}

/** All that is set aside when an operator withdraws an override, to whichever exit it led. */
export function keepOut(
  all: readonly SetAside[],
  { prefix, fromInterface, toInterface, why, untilMs }: KeptOut,
): readonly SetAside[] {
  const others = all.filter((one) => one.kind !== 'by hand' || comparePrefixes(one.prefix, prefix) !== 0)
  const kept = { prefix, fromInterface, toInterface, why, untilMs }
  return [...others, { ...kept, kind: 'by hand', times: 1, forgottenMs: untilMs }]
}

/** What an operator has pinned as a whole, and not only as decided, is not kept out any more. */
export function letIn(all: readonly SetAside[], pins: readonly PinResult[]): readonly SetAside[] {
  const made = pins.filter(({ refusal, dry }) => refusal === undefined && !dry).map(({ pin }) => pin.prefix)
  const isPinned = ({ prefix }: SetAside): boolean => made.some((own) => contains(own, prefix))
  return made.length === 0 ? all : all.filter((one) => one.kind !== 'by hand' || !isPinned(one))
}

/** What an operator withdrew, and until when it is to stay out. */
export type KeptOut = Pick<SetAside, 'prefix' | 'fromInterface' | 'toInterface' | 'why' | 'untilMs'>

/** Without what is long ago. */
export function stillRemembered(all: readonly SetAside[], nowMs: number): readonly SetAside[] {
  return all.filter(({ forgottenMs }) => nowMs < forgottenMs)
}

/** Without the failures of an override that does what it should. */
export function rehabilitate(
  all: readonly SetAside[],
  kind: SetAsideKind,
  override: Pick<SetAside, 'prefix' | 'toInterface'>,
): readonly SetAside[] {
  return all.filter((one) => one.kind !== kind || !isAbout(one, override.prefix, override.toInterface))
}

/** What keeps an override of the prefix from being tried now; undefined when nothing does. */
export function whySetAside(
  all: readonly SetAside[],
  prefix: Prefix,
  toInterface: string,
  nowMs: number,
): SetAside | undefined {
  return all.find((one) => nowMs < one.untilMs && isAbout(one, prefix, toInterface))
}

/**
 * GoBGP refuses a prefix, wherever it is to go. What it does not send is most often held back for a whole
 * family: none of it is tried. What has no effect, has none for a part of it or around it, either.
 */
function isAbout(one: SetAside, prefix: Prefix, toInterface: string): boolean {
  switch (one.kind) {
    case 'refused':
      return comparePrefixes(one.prefix, prefix) === 0
    case 'not sent':
      return one.prefix.family === prefix.family
    case 'by hand':
      return overlaps(one.prefix, prefix)
    case 'without effect':
    case 'unsteady':
      return one.toInterface === toInterface && overlaps(one.prefix, prefix)
  }
}

function isSame(one: SetAside, other: Pick<SetAside, 'kind' | 'prefix' | 'toInterface'>): boolean {
  const isSamePrefix = one.kind === 'not sent' || comparePrefixes(one.prefix, other.prefix) === 0
  return one.kind === other.kind && isSamePrefix && isAbout(one, other.prefix, other.toInterface)
}

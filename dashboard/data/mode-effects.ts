/** What a change of the mode will do, told before it is done. Pure. */
import { countText, percentText, rateText } from './words.ts'
import { sumBps } from './detours.ts'
import type { Interface, Mode, Override } from './rest.ts'

export const MODE_NAMES: Readonly<Record<Mode, string>> = {
  active: 'Active',
  dry_run: 'Dry-run',
  frozen: 'Frozen',
  off: 'Off',
}

/** What a mode means, in a few words. */
export const MODE_MEANINGS: Readonly<Record<Mode, string>> = {
  active: 'decides and steers',
  dry_run: 'decides, and sends nothing',
  frozen: 'keeps what is installed, adds nothing, brings nothing home',
  off: 'everything withdrawn, plain BGP',
}

export interface Traffic {
  readonly mode: Mode
  readonly interfaces: readonly Interface[]
  readonly overrides: readonly Override[]
}

/** Sentences on what follows when `to` is set now. */
export function tellEffects(to: Mode, traffic: Traffic): string[] {
  const installed = traffic.overrides.filter(({ state }) => state !== 'planned')
  const kept = 'The mode holds until it is changed, also after a restart.'
  switch (to) {
    case 'off':
      return [...tellWithdrawal(installed, traffic.interfaces), 'Nothing is added any more.', kept]
    case 'dry_run':
      return [
        ...tellWithdrawal(installed, traffic.interfaces),
        'Spillway goes on to decide and to tell why, and sends nothing.',
        kept,
      ]
    case 'frozen':
      return [
        installed.length === 0
          ? 'Nothing is installed, and nothing will be added: an overload is not relieved.'
          : `${countText(installed.length, 'override')} (${rateText(sumBps(installed))}) stay${installed.length === 1 ? 's' : ''} in force. ` +
            'Nothing is added and nothing comes home; what loses its route is still withdrawn.',
        kept,
      ]
    case 'active':
      return [...tellActivation(traffic), kept]
  }
}

function tellWithdrawal(installed: readonly Override[], interfaces: readonly Interface[]): string[] {
  if (installed.length === 0) return ['Nothing is installed, so no traffic moves.']
  const moved = `${countText(installed.length, 'override')} (${rateText(sumBps(installed))})`
  const are = installed.length === 1 ? 'is' : 'are'
  return [`${moved} ${are} withdrawn within seconds, and the traffic goes home.`, ...tellHome(installed, interfaces)]
}

/** The interfaces that get traffic back, and whether it is more than they should have. */
function tellHome(installed: readonly Override[], interfaces: readonly Interface[]): string[] {
  const homes = new Set(installed.map((o) => JSON.stringify([o.router, o.from_interface])))
  const filled = interfaces.filter((i) => homes.has(JSON.stringify([i.router, i.name])) && loadShare(i) !== undefined)
  return filled
    .map((i) => ({ i, share: loadShare(i)! }))
    .sort((a, b) => b.share - a.share)
    .slice(0, 5)
    .map(({ i, share }) => {
      const load = `${i.router} ${i.name} will carry about ${percentText(share)} of its speed`
      if (share > 1) return `${load}: more than it can, and packets will be dropped.`
      if (share > i.high_watermark) return `${load}, above its high watermark of ${percentText(i.high_watermark)}.`
      return `${load}.`
    })
}

function loadShare({ natural_bps, speed_bps }: Interface): number | undefined {
  return natural_bps === null || speed_bps === null || speed_bps === 0 ? undefined : natural_bps / speed_bps
}

function tellActivation({ mode, overrides, interfaces }: Traffic): string[] {
  const planned = overrides.filter(({ state }) => state === 'planned')
  const high = interfaces.filter((i) => (loadShare(i) ?? 0) > i.high_watermark)
  const sends = 'Spillway sends overrides to the routers from the next cycle on, and moves live traffic.'
  if (mode === 'dry_run' && planned.length > 0) {
    return [sends, `As things are it would install ${countText(planned.length, 'override')} (${rateText(sumBps(planned))}).`]
  }
  if (high.length === 0) return [sends, 'As things are no interface is above its high watermark.']
  return [sends, `Above their high watermark by natural load: ${high.map((i) => `${i.router} ${i.name}`).join(', ')}.`]
}

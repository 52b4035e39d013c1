/** The kill switch, and the other modes. */
import { useState } from 'preact/hooks'
import type { Live } from '../data/live.ts'
import { MODE_MEANINGS, MODE_NAMES, tellEffects } from '../data/mode-effects.ts'
import { send, type Mode, type ModeAnswer } from '../data/rest.ts'
import { countText } from '../data/words.ts'
import { ChangeDialog } from './change-dialog.tsx'

/** The kill switch first. */
const OFFERED: readonly Mode[] = ['off', 'frozen', 'dry_run', 'active']

interface ModeDialogProps {
  readonly live: Live
  /** The mode was set. */
  readonly onDone: () => void
  readonly onClose: () => void
}

export function ModeDialog({ live, onDone, onClose }: ModeDialogProps) {
  const { mode } = live.status!
  const [chosen, setChosen] = useState<Mode>()
  return (
    <ChangeDialog
      title="Change the mode"
      effects={chosen === undefined ? [] : tellEffects(chosen, { mode, ...live })}
      confirm={buttonText(chosen)}
      dangerous={chosen === 'off'}
      change={async (token) => {
        const answer = await send<ModeAnswer>('PUT', 'mode', token, { mode: chosen })
        onDone()
        return tellAnswer(answer)
      }}
      onClose={onClose}
      hint={
        <>
          Without this page, on the service’s machine, and also when it is dead: <code>spillway off -c FILE</code>,{' '}
          <code>freeze</code>, <code>on</code>.
        </>
      }
    >
      <fieldset>
        <legend>Now: {MODE_NAMES[mode]}. Change it to</legend>
        {OFFERED.filter((one) => one !== mode).map((one) => (
          <label key={one} class="choice">
            <input type="radio" name="mode" value={one} checked={chosen === one} onChange={() => setChosen(one)} />{' '}
            <b>{MODE_NAMES[one]}</b>: {MODE_MEANINGS[one]}
          </label>
        ))}
      </fieldset>
    </ChangeDialog>
  )
}

function buttonText(chosen: Mode | undefined): string {
  switch (chosen) {
    case undefined:
      return 'Choose a mode'
    case 'off':
      return 'Withdraw everything now'
    case 'frozen':
      return 'Freeze now'
    case 'dry_run':
      return 'Withdraw, and only decide'
    case 'active':
      return 'Steer live traffic'
  }
}

function tellAnswer({ mode, applied, left }: ModeAnswer): string {
  const name = `The mode is ${MODE_NAMES[mode].toLowerCase()} now.`
  if (left.length > 0) {
    const rest = left.map(({ router, overrides }) =>
      overrides === null ? `${router} (its GoBGP does not tell)` : `${router} (${countText(overrides, 'override')})`,
    )
    return `${name} Not all is withdrawn yet: ${rest.join(', ')}. Watch the detours until they are gone.`
  }
  return applied ? `${name} It is in force.` : `${name} The first cycle in it is not over yet.`
}

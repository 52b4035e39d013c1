/** A change that needs the token: what will happen, the token, and what came of it. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Refused } from '../data/rest.ts'
import { keepToken, keptToken } from '../data/token.ts'
import { Dialog } from './dialog.tsx'

interface ChangeDialogProps {
  readonly title: string
  /** What is chosen. */
  readonly children: ComponentChildren
  /** Sentences on what will happen; none: nothing is chosen yet. */
  readonly effects: readonly string[]
  readonly confirm: string
  /** It takes something away from the network. */
  readonly dangerous: boolean
  readonly hint?: ComponentChildren
  /** Makes the change; resolves with what came of it, in words. */
  readonly change: (token: string) => Promise<string>
  readonly onClose: () => void
}

type Outcome =
  | { readonly kind: 'open' | 'sending' }
  | { readonly kind: 'done' | 'failed'; readonly text: string }

export function ChangeDialog({ title, children, effects, confirm, dangerous, hint, change, onClose }: ChangeDialogProps) {
  const [token, setToken] = useState(keptToken)
  const [keeps, setKeeps] = useState(() => keptToken() !== '')
  const [outcome, setOutcome] = useState<Outcome>({ kind: 'open' })
  const send = async (): Promise<void> => {
    setOutcome({ kind: 'sending' })
    try {
      const text = await change(token)
      keepToken(keeps ? token : undefined)
      setOutcome({ kind: 'done', text })
    } catch (error) {
      setOutcome({ kind: 'failed', text: tellFailure(error) })
    }
  }

  if (outcome.kind === 'done') {
    return (
      <Dialog title={title} onClose={onClose}>
        <p role="status">{outcome.text}</p>
        <div class="actions">
          <button type="button" onClick={onClose} autoFocus>
            Close
          </button>
        </div>
      </Dialog>
    )
  }
  const isReady = effects.length > 0 && token !== '' && outcome.kind !== 'sending'
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (isReady) void send()
        }}
      >
        {children}
        <div aria-live="polite" class="effects">
          {effects.length > 0 && (
            <>
              <h3>What will happen</h3>
              <ul>
                {effects.map((sentence) => (
                  <li key={sentence}>{sentence}</li>
                ))}
              </ul>
            </>
          )}
        </div>
        <div class="token">
          <label>
            Token
            <input
              type="password"
              autocomplete="off"
              value={token}
              onInput={({ currentTarget }) => setToken(currentTarget.value)}
            />
          </label>
          <label>
            <input
              type="checkbox"
              checked={keeps}
              onChange={({ currentTarget }) => setKeeps(currentTarget.checked)}
            />{' '}
            Keep it until this tab is closed
          </label>
          <small>
            It is <code>api.token</code> of the configuration.
          </small>
        </div>
        <p role="alert" class="failure">
          {outcome.kind === 'failed' && outcome.text}
        </p>
        <div class="actions">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class={dangerous ? 'danger' : 'primary'} disabled={!isReady}>
            {outcome.kind === 'sending' ? 'Changing …' : confirm}
          </button>
        </div>
        {hint !== undefined && <p class="hint">{hint}</p>}
      </form>
    </Dialog>
  )
}

function tellFailure(error: unknown): string {
  if (error instanceof Refused) {
    return error.status === 401 ? 'This is not the token. Nothing was changed.' : `Refused: ${error.message}`
  }
  return `The service did not answer (${(error as Error).message}): it is not known whether it was changed.`
}

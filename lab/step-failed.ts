/** A step that did not come true; the message says in words what was missing. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed'
}

/** The clock of the process: windows and holds must not follow one that is set. */
import type { Clock } from '../model/clock.ts'

export const monotonicClock: Clock = () => performance.timeOrigin + performance.now()

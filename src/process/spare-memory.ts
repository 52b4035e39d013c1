/** How the heap grows. */
import { setFlagsFromString } from 'node:v8'

/**
 * Old garbage is collected when the heap has grown by a third since the last time, and not by several times
 * as much: marking runs beside the program, and memory is what routers' tables are short of. Beside it stands
 * bin/spare-memory, which does what can only be done from outside.
 */
export function spareMemory(): void {
  setFlagsFromString('--heap-growing-percent=33')
}

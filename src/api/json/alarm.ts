/** An alarm, in JSON. */
import { z } from 'zod'
import { ALARM_KINDS, type Alarm } from '../../model/alarm.ts'
import { time } from './schemas.ts'
import { toTime } from './values.ts'

export const alarmSchema = z
  .object({
    kind: z.enum(ALARM_KINDS),
    router: z.string().nullable(),
    interface: z.string().nullable(),
    since: time,
    message: z.string(),
  })
  .meta({ id: 'Alarm' })

export function presentAlarm({
  kind, router, interface: name, sinceMs, message,
}: Alarm): z.input<typeof alarmSchema> {
  return { kind, router: router ?? null, interface: name ?? null, since: toTime(sinceMs), message }
}

/** BGP capabilities as GoBGP tells them. Pure. */
import type { Family } from '../../model/prefix.ts'
import type { Capabilities } from './gobgp-api.ts'
import type { CapabilityMessage, FamilyMessage } from './gobgp-dialect.ts'
import { familyMessage } from './gobgp-paths.ts'

/** Bits of the Send/Receive field (RFC 7911, section 4). */
const RECEIVE = 1
const SEND = 2

/** Families other than IPv4 and IPv6 unicast, and capabilities of other kinds, are left out. */
export function readCapabilities(messages: readonly CapabilityMessage[]): Capabilities {
  const addPath = messages.flatMap(({ add_path }) => add_path?.tuples ?? [])
  const withMode = (bit: number): Family[] =>
    familiesOf(addPath.filter(({ mode }) => (mode & bit) !== 0).map(({ family }) => family))
  return {
    families: familiesOf(messages.map(({ multi_protocol }) => multi_protocol?.family)),
    addPathSend: withMode(SEND),
    addPathReceive: withMode(RECEIVE),
    software: messages.find((m) => m.software_version)?.software_version?.software_version,
  }
}

function familiesOf(messages: readonly (FamilyMessage | null | undefined)[]): Family[] {
  return ([4, 6] as const).filter((family) => {
    const { afi, safi } = familyMessage(family)
    return messages.some((message) => message?.afi === afi && message.safi === safi)
  })
}

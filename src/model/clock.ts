/** Milliseconds since the epoch. The service's clock never steps back, whatever the machine's does. */
export type Clock = () => number

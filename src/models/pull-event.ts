/** How a pull is getting on; sent at most ten times a second, and at the beginning and end of a phase. */
export interface PullEvent {
  /** `wait`: another pull has the file; `verify`: the checksum is computed. */
  phase: 'wait' | 'download' | 'verify'
  /** Name of the file. */
  file: string
  /** Where the bytes come from. */
  source?: string
  /** Bytes had so far, those of earlier pulls included. */
  bytes: number
  /** Bytes of the whole file, where known. */
  total: number | undefined
  /** Bytes per second over the last seconds. */
  rate: number
  /** Seconds left, where known. */
  eta: number | undefined
}

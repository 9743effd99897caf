/** Where and how phrases are kept. */
export interface HistoryOptions {
  /** Default: `OUROBOROS_HOME/phrases`, or `ouroboros/phrases` in the user's data folder. */
  folder?: string
  /** One of several histories, e.g. of a project. Letters, digits, - and _. Default `default`. */
  name?: string
  /** Whose phrases, for requests that do not say: tenants never draft from each other's. Letters, digits, - and _. Default `local`. */
  tenant?: string
  /** Phrases kept at most, in memory and on disk, per tenant; the least useful go. Default 327,680. */
  most?: number
  /** Days after its last use that a phrase is kept. Default 180. */
  days?: number
  /**
   * Address of a Redis or Valkey, `redis://…` or `rediss://…`, that keeps the phrases instead of the folder: replicas learn from each other. Needs
   * the package `ioredis`. Default: `OUROBOROS_REDIS` of the environment.
   */
  share?: string
}

/** What `load` is asked to keep. */
export interface HistoryWish {
  /**
   * What requests teach is kept on disk, for its owner only, and known at the next load (docs/phrase-store.md); false = not. Default: kept,
   * unless the environment has `OUROBOROS_HISTORY=off`.
   */
  history?: false | HistoryOptions
}

export interface TenantWish {
  /** Whose phrases: drafts come from this tenant's earlier requests only. Default: `history.tenant` of `load`. */
  tenant?: string
}

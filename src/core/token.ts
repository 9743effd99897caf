/** An id in the vocabulary that target and draft model share. */
export type Token = number

/**
 * Who wrote an emitted token first: the target model itself (correction or bonus token), the draft model,
 * or a phrase (from the pool, the prompt, a window).
 */
export type Origin = 'target' | 'draft' | 'phrase'

/** Where a phrase was learned. */
export type PhraseSource = 'window' | 'verification' | 'prompt' | 'history' | 'corpus' | 'prediction'

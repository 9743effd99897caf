/**
 * The constants of cost control, all of them. Fitted with recorded answers to prompts that no published figure uses:
 * `ouroboros bench replay --fit` halves and doubles each in turn and shows what becomes of the speed-ups.
 */
export const CONTROL = {
  /** Acceptance is correlated along a path and probabilities are estimates: a token's worth is multiplied by this. */
  optimism: 1.15,
  /** Worth of a token, of itself, while nothing is saved: only clear gains are tried then. */
  caution: 0.7,
  /** Most savings, in plain tokens, that pay for later losses; half of it is lent at first. */
  credit: 20,
  /** Share of plain decoding's time that may be lost in the long run. */
  lossShare: 0.015,
  /** Emitted tokens after which half of a running mean is new. */
  halfLife: 32,
  /** Tokens that an answer is expected to have still to come, at least at its beginning. */
  answerTokens: 64,
  /** Step size of the weights below, which all requests share, and of one request's own bias. */
  learningRate: 0.03,
  requestRate: 0.2,
  /** Log-odds that a draft token is accepted: of 1 and the log-odds of the draft model's own probability. */
  draftWeights: [0.25, 1] as readonly number[],
  /** The same of a phrase token; inputs as in `phraseEvidence`. */
  phraseWeights: [-1.9, 0.85, 1.1, 1.8, 1.9, 0.9, 0.7, 0.5, -0.4, 1] as readonly number[],
  /** Share of the draft passes that a column of a lookahead window saves. */
  columnWorth: 0.04,
  /** Fewest tokens that the draft model goes on from where it does not read everything. */
  recentTokens: 128,
  /** What drafts gain that are written behind the most recent part of a text, of what they gain behind all of it. */
  recentWorth: 0.9,
  /** How fast a width's cost follows real passes. */
  curveWeight: 0.08,
}

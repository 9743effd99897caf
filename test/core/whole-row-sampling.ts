import { type SamplerOptions, type Token, uniform } from '../../src/core/index.ts'

/** Draws as the sampler did when it read every logit of a row, sorted all of them, and added up all weights: slow, and plain to see. */
export function drawFromAll(row: Float32Array, options: SamplerOptions, counter: number): Token {
  const { temperature, topK, topP, minP, seed } = options
  const most = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  if (temperature === 0) return row.indexOf(most)
  const logit = (token: Token) => row[token] as number
  const best = (tokens: readonly Token[]) => [...tokens].sort((a, b) => logit(b) - logit(a) || a - b)
  const plain = topK === 0 && topP === 1 && minP === 0
  const floor = most - 24 * (plain ? temperature : Math.max(1, temperature))
  const all = [...row.keys()]
  let tokens =
    topK > 0
      ? best(all.filter((token) => logit(token) > Number.NEGATIVE_INFINITY)).slice(0, topK)
      : all.filter((token) => logit(token) >= floor)
  tokens.sort((a, b) => a - b)
  if (topP < 1) {
    const total = tokens.reduce((sum, token) => sum + Math.exp(logit(token) - most), 0)
    const order = best(tokens)
    let count = 0
    for (let sum = 0; count < order.length && sum < topP * total; count++) sum += Math.exp(logit(order[count] as Token) - most)
    tokens = order.slice(0, Math.max(1, count)).sort((a, b) => a - b)
  }
  if (minP > 0) tokens = tokens.filter((token) => logit(token) >= most + Math.log(minP))
  const weight = (token: Token) => Math.exp((logit(token) - most) / temperature)
  let left = uniform(seed, counter) * tokens.reduce((sum, token) => sum + weight(token), 0)
  for (const token of tokens) {
    left -= weight(token)
    if (left < 0) return token
  }
  return row.indexOf(most)
}

import type { GenerateRequest } from '../api/types.ts'

/** A request's settings under llama.cpp's names, with the defaults written out: what `/props` and `/completion` tell. */
export function settingsOf(request: Omit<GenerateRequest, 'signal'>, endTokens: readonly number[]) {
  const withheld = request.ignoreEos ? endTokens.map((token) => ({ token, bias: null })) : [] // JSON has no -Infinity
  return {
    seed: request.seed ?? 0,
    temperature: request.temperature ?? 0,
    top_k: request.topK ?? 0,
    top_p: request.topP ?? 1,
    min_p: request.minP ?? 0,
    repeat_last_n: request.penaltyLastN ?? 64,
    repeat_penalty: request.repeatPenalty ?? 1,
    presence_penalty: request.presencePenalty ?? 0,
    frequency_penalty: request.frequencyPenalty ?? 0,
    n_predict: request.maxTokens ?? 512,
    min_tokens: request.minTokens ?? 0,
    ignore_eos: request.ignoreEos ?? false,
    logit_bias: [...Object.entries(request.logitBias ?? {}).map(([token, bias]) => ({ token: Number(token), bias })), ...withheld],
    n_probs: request.logprobs ?? 0,
    stop: [request.stop ?? []].flat(),
    grammar: request.grammar ?? '',
    // What is not done here, as it is when it is switched off.
    typical_p: 1,
    top_n_sigma: -1,
    xtc_probability: 0,
    dynatemp_range: 0,
    mirostat: 0,
    dry_multiplier: 0,
    adaptive_target: -1,
    adaptive_decay: 0,
  }
}

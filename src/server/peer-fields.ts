import { z } from '@hono/zod-openapi'

/**
 * Fields of OpenAI, llama.cpp and vLLM that are not done here. What would change the answer is refused; the value that changes
 * nothing is taken, because clients send it with every request.
 */

const never = 'is not supported here: leave it out'
const off = <const T extends string | number | boolean>(...values: [T, ...T[]]) =>
  z.literal(values, `${never}, or send ${values.map((value) => JSON.stringify(value)).join(' or ')}`).nullish()
const none = z.null(never).optional()
const empty = z.array(z.unknown()).max(0, `${never}, or send []`).nullish()
/** Changes no answer, or only together with a field that is refused. */
const idle = z.unknown().optional()

export const peerFields = {
  // About the caller, the cache and the log.
  user: idle,
  metadata: idle,
  store: idle,
  service_tier: idle,
  safety_identifier: idle,
  prompt_cache_key: idle,
  prompt_cache_retention: idle,
  request_id: idle,
  cache_salt: none,
  id_slot: off(-1),
  priority: off(0),
  // What is told with the answer.
  timings_per_token: off(false),
  return_progress: off(false),
  return_tokens: off(false),
  return_token_ids: off(false),
  return_tokens_as_token_ids: off(false),
  post_sampling_probs: off(false),
  prompt_logprobs: none,
  response_fields: empty,
  detokenize: off(true),
  skip_special_tokens: off(true),
  spaces_between_special_tokens: off(true),
  include_stop_str_in_output: off(false),
  // Sampling.
  samplers: none,
  sampler_seq: none,
  backend_sampling: off(false),
  min_keep: off(0),
  typical_p: off(1),
  top_n_sigma: off(-1, 0),
  adaptive_target: off(-1),
  adaptive_decay: idle,
  xtc_probability: off(0),
  xtc_threshold: idle,
  dynatemp_range: off(0),
  dynatemp_exponent: idle,
  mirostat: off(0),
  mirostat_tau: idle,
  mirostat_eta: idle,
  dry_multiplier: off(0),
  dry_base: idle,
  dry_allowed_length: idle,
  dry_penalty_last_n: idle,
  dry_sequence_breakers: idle,
  use_beam_search: off(false),
  length_penalty: off(1),
  stop_token_ids: empty,
  bad_words: empty,
  allowed_token_ids: none,
  logits_processors: none,
  vllm_xargs: none,
  // Length.
  n_keep: off(0, -1),
  n_discard: off(0),
  n_indent: off(0),
  t_max_predict_ms: off(0, -1),
  truncate_prompt_tokens: none,
  // Forms of the answer.
  guided_regex: none,
  guided_decoding_backend: idle,
  guided_whitespace_pattern: none,
  grammar_lazy: off(false),
  grammar_triggers: empty,
  lora: empty,
} as const

/** The same, of chats. */
export const peerChatFields = {
  functions: z.null('is an old form: send tools').optional(),
  function_call: z.null('is an old form: send tool_choice').optional(),
  modalities: z.tuple([z.literal('text')], `${never}, or send ["text"]`).nullish(),
  audio: none,
  web_search_options: none,
  verbosity: off('medium'),
  documents: none,
  chat_template: z.null('is chosen when the server starts: --chat-template').optional(),
  mm_processor_kwargs: none,
  parse_tool_calls: off(true),
  thinking_budget_tokens: off(-1),
  reasoning_budget: off(-1),
  echo: off(false),
} as const

/** The same, of raw completions. */
export const peerCompletionFields = {
  suffix: none,
  best_of: off(1),
  add_special_tokens: off(true),
} as const

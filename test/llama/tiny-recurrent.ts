import { uniform } from '../../src/core/sampling/philox.ts'
import { header, type Shapes, type Value, vocabulary, write } from './tiny-models.ts'

const [WIDTH, WORDS, INNER, STATE, KERNEL, HEADS] = [64, 320, 128, 16, 4, 4]

/** Random weights; norms near one, and states that fade. `noise`: what a model that mostly agrees differs by. */
function weights(noise: number): (i: number, tensor: string) => number {
  return (i, tensor) => {
    const random = uniform(1, i) + noise * (uniform(2, i) - 0.5)
    if (/ssm_a$/.test(tensor)) return -0.2 - random
    if (/norm/.test(tensor)) return 0.75 + random / 2
    return (random - 0.5) * (tensor === 'token_embd.weight' ? 1 : 0.5)
  }
}

function make(architecture: string, layers: readonly Shapes[], about: Record<string, Value>, outputNorm: string, noise: number): Buffer {
  const own = Object.fromEntries(Object.entries(about).map(([key, value]) => [`${architecture}.${key}`, value]))
  const metadata = {
    ...header(architecture),
    ...vocabulary(WORDS),
    [`${architecture}.context_length`]: 1024,
    [`${architecture}.embedding_length`]: WIDTH,
    [`${architecture}.block_count`]: layers.length,
    [`${architecture}.feed_forward_length`]: 2 * WIDTH,
    [`${architecture}.vocab_size`]: WORDS,
    ...own,
  }
  const shapes: Shapes = { 'token_embd.weight': [WIDTH, WORDS], 'output.weight': [WIDTH, WORDS], [outputNorm]: [WIDTH] }
  for (const [at, layer] of layers.entries()) for (const [name, shape] of Object.entries(layer)) shapes[`blk.${at}.${name}`] = shape
  return write(metadata, shapes, weights(noise))
}

const feedForward: Shapes = {
  'ffn_norm.weight': [WIDTH],
  'ffn_gate.weight': [WIDTH, 2 * WIDTH],
  'ffn_up.weight': [WIDTH, 2 * WIDTH],
  'ffn_down.weight': [2 * WIDTH, WIDTH],
}

/** Four heads, two for keys and values. */
const attention: Shapes = {
  'attn_norm.weight': [WIDTH],
  'attn_q.weight': [WIDTH, WIDTH],
  'attn_k.weight': [WIDTH, WIDTH / 2],
  'attn_v.weight': [WIDTH, WIDTH / 2],
  'attn_output.weight': [WIDTH, WIDTH],
}
const qkNorms: Shapes = { 'attn_q_norm.weight': [WIDTH / HEADS], 'attn_k_norm.weight': [WIDTH / HEADS] }

function mambaLayer(rank: number): Shapes {
  return {
    'attn_norm.weight': [WIDTH],
    'ssm_in.weight': [WIDTH, 2 * INNER],
    'ssm_conv1d.weight': [KERNEL, INNER],
    'ssm_conv1d.bias': [INNER],
    'ssm_x.weight': [INNER, rank + 2 * STATE],
    'ssm_dt.weight': [rank, INNER],
    'ssm_dt.bias': [INNER],
    ssm_a: [STATE, INNER],
    ssm_d: [INNER],
    'ssm_out.weight': [INNER, WIDTH],
  }
}

/** A pure recurrent model. */
export function tinyMamba(noise = 0): Buffer {
  const rank = 4
  const layer = mambaLayer(rank)
  const about = {
    'attention.head_count': 0,
    'ssm.conv_kernel': KERNEL,
    'ssm.inner_size': INNER,
    'ssm.state_size': STATE,
    'ssm.time_step_rank': rank,
  }
  return make('mamba', [layer, layer], about, 'output_norm.weight', noise)
}

/** Attention in the second of three layers. */
const SECOND_ATTENDS = { 'attention.head_count': HEADS, 'attention.head_count_kv': [0, 2, 0] }

/** Short convolutions and attention. */
export function tinyLfm2(noise = 0): Buffer {
  const convolution: Shapes = {
    'attn_norm.weight': [WIDTH],
    'shortconv.conv.weight': [3, WIDTH],
    'shortconv.in_proj.weight': [WIDTH, 3 * WIDTH],
    'shortconv.out_proj.weight': [WIDTH, WIDTH],
  }
  const layers = [convolution, { ...attention, ...qkNorms }, convolution].map((layer) => ({ ...layer, ...feedForward }))
  const about = { 'shortconv.l_cache': 3, ...SECOND_ATTENDS }
  return make('lfm2', layers, about, 'token_embd_norm.weight', noise)
}

/** Mamba and attention. */
export function tinyJamba(noise = 0): Buffer {
  const rank = 4
  const mamba: Shapes = {
    ...mambaLayer(rank),
    'ssm_dt_norm.weight': [rank],
    'ssm_b_norm.weight': [STATE],
    'ssm_c_norm.weight': [STATE],
  }
  const about = {
    ...SECOND_ATTENDS,
    'ssm.conv_kernel': KERNEL,
    'ssm.inner_size': INNER,
    'ssm.state_size': STATE,
    'ssm.time_step_rank': rank,
  }
  const layers = [mamba, attention, mamba].map((layer) => ({ ...layer, ...feedForward }))
  return make('jamba', layers, about, 'output_norm.weight', noise)
}

/** Mamba 2 and attention. */
export function tinyGranite(noise = 0): Buffer {
  const mamba: Shapes = {
    'attn_norm.weight': [WIDTH],
    'ssm_in.weight': [WIDTH, 2 * INNER + 2 * STATE + HEADS],
    'ssm_conv1d.weight': [KERNEL, INNER + 2 * STATE],
    'ssm_conv1d.bias': [INNER + 2 * STATE],
    'ssm_dt.bias': [HEADS],
    ssm_a: [1, HEADS],
    ssm_d: [1, HEADS],
    'ssm_norm.weight': [INNER, 1],
    'ssm_out.weight': [INNER, WIDTH],
  }
  const about = {
    ...SECOND_ATTENDS,
    'ssm.conv_kernel': KERNEL,
    'ssm.inner_size': INNER,
    'ssm.state_size': STATE,
    'ssm.time_step_rank': HEADS,
    'ssm.group_count': 1,
  }
  const layers = [mamba, attention, mamba].map((layer) => ({ ...layer, ...feedForward }))
  return make('granitehybrid', layers, about, 'output_norm.weight', noise)
}

/** Gated delta nets and gated attention, as Qwen3.5 has them. */
export function tinyQwen35(noise = 0): Buffer {
  const keyHeads = 2
  const channels = 2 * keyHeads * STATE + HEADS * STATE
  const linear: Shapes = {
    'attn_norm.weight': [WIDTH],
    'attn_qkv.weight': [WIDTH, channels],
    'attn_gate.weight': [WIDTH, HEADS * STATE],
    'ssm_conv1d.weight': [KERNEL, channels],
    'ssm_dt.bias': [HEADS],
    ssm_a: [HEADS],
    'ssm_beta.weight': [WIDTH, HEADS],
    'ssm_alpha.weight': [WIDTH, HEADS],
    'ssm_norm.weight': [STATE],
    'ssm_out.weight': [HEADS * STATE, WIDTH],
  }
  const gated: Shapes = { ...attention, 'attn_q.weight': [WIDTH, 2 * WIDTH], ...qkNorms }
  const about = {
    full_attention_interval: 2,
    'attention.head_count': HEADS,
    'attention.head_count_kv': 2,
    'attention.key_length': WIDTH / HEADS,
    'attention.value_length': WIDTH / HEADS,
    'rope.dimension_count': WIDTH / HEADS,
    'rope.dimension_sections': [3, 3, 2, 0],
    'ssm.conv_kernel': KERNEL,
    'ssm.inner_size': HEADS * STATE,
    'ssm.state_size': STATE,
    'ssm.time_step_rank': HEADS,
    'ssm.group_count': keyHeads,
  }
  const { 'ffn_norm.weight': _, ...feed } = feedForward
  const layers = [linear, gated, linear, gated].map((layer) => ({ ...layer, 'post_attention_norm.weight': [WIDTH], ...feed }))
  return make('qwen35', layers, about, 'output_norm.weight', noise)
}

export const TINY_RECURRENT = { mamba: tinyMamba, lfm2: tinyLfm2, jamba: tinyJamba, granite: tinyGranite, qwen35: tinyQwen35 } as const

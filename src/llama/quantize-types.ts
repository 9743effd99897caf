import { OuroborosError } from '../core/errors.ts'

/** llama_ftype: how a whole file is quantized. */
const FILE_TYPES: Readonly<Record<string, number>> = {
  F32: 0,
  F16: 1,
  BF16: 32,
  Q8_0: 7,
  Q6_K: 18,
  Q5_K_M: 17,
  Q5_K_S: 16,
  Q5_1: 9,
  Q5_0: 8,
  Q4_K_M: 15,
  Q4_K_S: 14,
  Q4_1: 3,
  Q4_0: 2,
  Q3_K_L: 13,
  Q3_K_M: 12,
  Q3_K_S: 11,
  Q2_K: 10,
  IQ4_NL: 25,
  IQ4_XS: 30,
}

/** ggml_type: how one tensor is stored. */
const TENSOR_TYPES: Readonly<Record<string, number>> = {
  F32: 0,
  F16: 1,
  BF16: 30,
  Q8_0: 8,
  Q6_K: 14,
  Q5_K: 13,
  Q5_1: 7,
  Q5_0: 6,
  Q4_K: 12,
  Q4_1: 3,
  Q4_0: 2,
}

export function fileTypeOf(name: string): number {
  return lookUp(FILE_TYPES, name, 'quantization type')
}

export function tensorTypeOf(name: string): number {
  return lookUp(TENSOR_TYPES, name, 'tensor type')
}

function lookUp(table: Readonly<Record<string, number>>, name: string, what: string): number {
  const type = table[name.toUpperCase()]
  if (type === undefined)
    throw new OuroborosError('E_USAGE', `no such ${what}: received ${name}, known are ${Object.keys(table).join(', ')}`)
  return type
}

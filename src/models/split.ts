/** llama.cpp's names for the parts of a split model. */
const PART = /^(.*-)(\d{5})-of-(\d{5})\.gguf$/s

/**
 * All parts' names, first to last, of the split model that `name` (a path, or a file on a hub) is any part of:
 * `NAME-00001-of-00003.gguf` to `NAME-00003-of-00003.gguf`. Other names: that name alone.
 */
export function partsOf(name: string): readonly [string, ...string[]] {
  const [, prefix, number, count] = PART.exec(name) ?? []
  if (prefix === undefined || Number(number) < 1 || Number(number) > Number(count)) return [name]
  const part = (i: number): string => `${prefix}${String(i + 1).padStart(5, '0')}-of-${count}.gguf`
  return [part(0), ...Array.from({ length: Number(count) - 1 }, (_, i) => part(i + 1))]
}

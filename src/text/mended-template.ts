/** How the template of Qwen2.5-Coder-1.5B shows a call, and ends its list of tools. */
const BROKEN = String.raw`{{\"name\": <function-name>, \"arguments\": <args-json-object>}}\n</tool_call><|im_end|>`
const MENDED = String.raw`{\"name\": <function-name>, \"arguments\": <args-json-object>}\n</tool_call>\n\nMost requests need no function: greetings, jokes, general knowledge, translations, mathematics, writing and code. Answer those directly in plain text, without any JSON. Call a function only if the request asks for exactly what the function does.<|im_end|>`

/**
 * A model's own chat template without a known mistake: Qwen2.5-Coder-1.5B's shows calls in doubled braces, and shown tools its small
 * models call one whatever is asked (bench/tool-calls.mjs). `--chat-template-file` takes the original.
 */
export function mendedTemplate(template: string | undefined): string | undefined {
  return template?.replace(BROKEN, () => MENDED)
}

/** Chat templates by the names that llama.cpp has for them, for model files that bring none. */
export const KNOWN_TEMPLATES: Readonly<Record<string, string>> = {
  chatml: turns('<|im_start|>', '\n', '<|im_end|>\n'),
  'command-r': `{% for m in messages %}{{ '<|START_OF_TURN_TOKEN|>' + ('<|SYSTEM_TOKEN|>' if m.role == 'system' else '<|USER_TOKEN|>' if m.role == 'user' else '<|CHATBOT_TOKEN|>') + m.content.strip() + '<|END_OF_TURN_TOKEN|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>' }}{% endif %}`,
  gemma: `{{ bos_token }}{% set ns = namespace(system='') %}{% for m in messages %}{% if m.role == 'system' %}{% set ns.system = ns.system + m.content + '\n\n' %}{% else %}{{ '<start_of_turn>' + ('model' if m.role == 'assistant' else 'user') + '\n' }}{% if m.role != 'assistant' %}{{ ns.system }}{% set ns.system = '' %}{% endif %}{{ m.content + '<end_of_turn>\n' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}`,
  llama2: `{% set ns = namespace(system='') %}{% for m in messages %}{% if m.role == 'system' %}{% set ns.system = '<<SYS>>\n' + m.content + '\n<</SYS>>\n\n' %}{% elif m.role == 'assistant' %}{{ ' ' + m.content + ' ' + eos_token }}{% else %}{{ bos_token + '[INST] ' + ns.system + m.content + ' [/INST]' }}{% set ns.system = '' %}{% endif %}{% endfor %}`,
  llama3: `{{ bos_token }}${turns('<|start_header_id|>', '<|end_header_id|>\n\n', '<|eot_id|>')}`,
  'mistral-v7': `{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ '[SYSTEM_PROMPT] ' + m.content + '[/SYSTEM_PROMPT]' }}{% elif m.role == 'assistant' %}{{ ' ' + m.content + eos_token }}{% else %}{{ '[INST] ' + m.content + '[/INST]' }}{% endif %}{% endfor %}`,
  phi3: turns('<|', '|>\n', '<|end|>\n'),
  phi4: turns('<|im_start|>', '<|im_sep|>', '<|im_end|>'),
  vicuna: `{% for m in messages %}{% if m.role == 'system' %}{{ m.content + '\n\n' }}{% elif m.role == 'assistant' %}{{ 'ASSISTANT: ' + m.content + eos_token + '\n' }}{% else %}{{ 'USER: ' + m.content + '\n' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}`,
  zephyr: turns('<|', '|>\n', '<|endoftext|>\n'),
}

/** Turns that are marked alike: before the role, behind it, behind the content. */
function turns(before: string, behind: string, end: string): string {
  const quoted = (text: string) => `'${text.replaceAll('\n', '\\n')}'`
  return `{% for m in messages %}{{ ${quoted(before)} + m.role + ${quoted(behind)} + m.content + ${quoted(end)} }}{% endfor %}{% if add_generation_prompt %}{{ ${quoted(`${before}assistant${behind}`)} }}{% endif %}`
}

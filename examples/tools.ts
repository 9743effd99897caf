// The model calls a function of this program; the AI SDK runs it and lets the model go on. Run: npx tsx examples/tools.ts
import { generateText, stepCountIs, tool } from 'ai'
import { createOuroboros } from 'ouroboros-llm/ai-sdk'
import { z } from 'zod'

const weather = tool({
  description: 'The weather of a city now',
  inputSchema: z.object({ city: z.string().max(30) }),
  execute: async ({ city }) => ({ city, celsius: 21 }),
})

await using ouroboros = createOuroboros()
const { steps, text } = await generateText({
  model: ouroboros('qwen2.5-coder-1.5b'),
  prompt: 'How warm is it in Oslo?',
  tools: { weather },
  stopWhen: stepCountIs(2),
  // Small models seldom call a tool of their own accord: first a call, then an answer.
  prepareStep: ({ stepNumber }) => ({ toolChoice: stepNumber === 0 ? 'required' : 'none' }),
  maxOutputTokens: 100,
})
for (const { toolCalls } of steps) for (const { toolName, input } of toolCalls) console.log('called', toolName, JSON.stringify(input))
console.log(text)

// An answer that follows a zod schema by construction: tokens that would break it are never picked. Run: npx tsx examples/structured-output.ts
import { load } from 'ouroboros-llm'
import { z } from 'zod'

const Person = z.strictObject({ name: z.string().min(1).max(30), age: z.int().min(1).max(120), likes: z.array(z.string().max(20)).max(3) })

const [target = 'qwen2.5-coder-1.5b'] = process.argv.slice(2)
await using engine = await load({ target })
const { text } = await engine.generate({
  messages: [{ role: 'user', content: 'Invent a person. Answer in JSON.' }],
  jsonSchema: z.toJSONSchema(Person),
  maxTokens: 256,
}).result
const person = Person.parse(JSON.parse(text))
console.log(`${person.name} is ${person.age} and likes ${person.likes.join(', ') || 'nothing'}`)

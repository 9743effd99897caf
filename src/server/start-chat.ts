import type { Context } from 'hono'
import type { GenerateRequest } from '../api/types.ts'
import type { AppEnv } from './app-types.ts'
import { Job } from './job.ts'
import { ApiError } from './openai-error.ts'
import type { ChatBody } from './request-schemas.ts'
import type { Serving } from './serving.ts'
import { chatRequests, withTokenBias } from './to-request.ts'

/** Starts what a chat asks for, in whichever form it came. Throws a refusal. */
export async function startChat(
  c: Context<AppEnv>,
  body: ChatBody,
  serving: Serving,
): Promise<{ job: Job; requests: readonly GenerateRequest[]; splitsReasoning: boolean }> {
  serving.checkModel(body.model)
  const requests = chatRequests(await withTokenBias(body, serving.engine), serving.options.defaults ?? {})
  if (requests[0]?.tools && !requests[0].toolChoice && !serving.engine.facts.tools)
    throw new ApiError(400, 'the chat template of this model shows no tools: force a call with tool_choice, or serve another model', {
      param: 'tools',
      code: 'tools_not_supported',
    })
  const job = await Job.start(serving, requests, { id: c.get('requestId'), client: c.get('client'), signal: c.req.raw.signal })
  return { job, requests, splitsReasoning: (body.reasoning_format ?? serving.options.reasoningFormat) !== 'none' }
}

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant' | 'tool'
  content: string
  /** What the assistant thought before it said this; shown to the model where its template does so. */
  reasoning?: string
  /** Tools that the assistant called in this message. */
  toolCalls?: readonly ToolCall[]
  /** In an answer of a tool: the call that it answers. */
  toolCallId?: string
  /** Who speaks, or the tool that answers. */
  name?: string
}

export interface ToolCall {
  id?: string
  name: string
  /** A JSON object; as text its digits and the order of its keys are kept. */
  arguments: string | Readonly<Record<string, unknown>>
}

/** A function that the model may call, where its chat template knows tools (`EngineFacts.tools`). */
export interface Tool {
  name: string
  description?: string
  /** JSON schema of its arguments. */
  parameters?: Readonly<Record<string, unknown>>
}

export type ToolChoice = 'auto' | 'required' | { readonly name: string }

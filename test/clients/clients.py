"""Python's clients against a running server: BASE_URL of its API, MODEL. Each with a chat, a stream, tools and a schema where it has them."""

import json
import os
import subprocess
import sys
import traceback

import instructor
import litellm
import openai
from pydantic import BaseModel

BASE_URL, MODEL = os.environ["BASE_URL"], os.environ["MODEL"]
HI = [{"role": "user", "content": "Write one short sentence about the sea."}]
SEED = {"max_tokens": 24, "temperature": 0}
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"enum": ["Oslo", "Rome"]}}, "required": ["city"]},
    },
}


class Answer(BaseModel):
    yes: bool


def check(name, ok, about=""):
    print("ok  " if ok else "FAIL", name, "" if ok else about)
    if not ok:
        check.failed = True


check.failed = False
client = openai.OpenAI(base_url=BASE_URL, api_key="none", max_retries=0)
whole = client.chat.completions.create(model=MODEL, messages=HI, **SEED).choices[0].message.content
check("openai: chat", bool(whole))
parts = [chunk.choices[0].delta.content or "" for chunk in client.chat.completions.create(model=MODEL, messages=HI, stream=True, **SEED) if chunk.choices]
check("openai: stream", "".join(parts) == whole, parts)
forced = client.chat.completions.create(model=MODEL, messages=HI, tools=[TOOL], tool_choice="required", max_tokens=80, parallel_tool_calls=False)
call = forced.choices[0].message.tool_calls[0]
check("openai: tools", json.loads(call.function.arguments)["city"] in ("Oslo", "Rome"), call)
history = HI + [forced.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "sunny"}]
check("openai: a call is taken back", bool(client.chat.completions.create(model=MODEL, messages=history, tools=[TOOL], **SEED).choices))
parsed = client.chat.completions.parse(model=MODEL, messages=HI, response_format=Answer, max_tokens=40).choices[0].message.parsed
check("openai: schema", isinstance(parsed, Answer), parsed)
response = client.responses.create(model=MODEL, input="Write one short sentence about the sea.", max_output_tokens=24, temperature=0)
check("openai: responses", response.output_text == whole, response)

lite = {"model": f"openai/{MODEL}", "api_base": BASE_URL, "api_key": "none"}
check("litellm: chat", litellm.completion(messages=HI, **lite, **SEED).choices[0].message.content == whole)
parts = [chunk.choices[0].delta.content or "" for chunk in litellm.completion(messages=HI, stream=True, **lite, **SEED)]
check("litellm: stream", "".join(parts) == whole, parts)
called = litellm.completion(messages=HI, tools=[TOOL], tool_choice="required", max_tokens=80, **lite).choices[0].message
check("litellm: tools", called.tool_calls[0].function.name == "get_weather", called)
structured = litellm.completion(messages=HI, response_format=Answer, max_tokens=40, **lite).choices[0].message.content
check("litellm: schema", isinstance(Answer.model_validate_json(structured), Answer), structured)

for mode in (instructor.Mode.TOOLS, instructor.Mode.JSON_SCHEMA):
    patched = instructor.from_openai(client, mode=mode)
    answer = patched.chat.completions.create(model=MODEL, messages=HI, response_model=Answer, max_tokens=80, max_retries=0)
    check(f"instructor: {mode.name}", isinstance(answer, Answer), answer)
    growing = list(patched.chat.completions.create_partial(model=MODEL, messages=HI, response_model=Answer, max_tokens=80, max_retries=0))
    check(f"instructor: {mode.name}, streamed", len(growing) > 0 and growing[-1].yes in (True, False), growing)
    free = patched.chat.completions.create(model=MODEL, messages=HI, response_model=None, **SEED)
    check(f"instructor: {mode.name}, chat", free.choices[0].message.content == whole, free)

os.makedirs(os.environ["LLM_USER_PATH"], exist_ok=True)
with open(os.path.join(os.environ["LLM_USER_PATH"], "extra-openai-models.yaml"), "w") as file:
    file.write(f'- model_id: served\n  model_name: "{MODEL}"\n  api_base: "{BASE_URL}"\n  supports_schema: true\n  supports_tools: true\n')
for name, args in {"stream": [], "chat": ["--no-stream"], "schema": ["--schema", "yes bool"]}.items():
    command = [sys.executable, "-m", "llm", "-m", "served", "-o", "max_tokens", "40", *args, HI[0]["content"]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    ok = done.returncode == 0 and (name != "schema" or "yes" in json.loads(done.stdout))
    check(f"llm: {name}", ok and bool(done.stdout.strip()), done.stderr or done.stdout)
command = [sys.executable, "-m", "llm", "-m", "served", "--functions", "def get_weather(city: str) -> str:\n    return 'sunny'", HI[0]["content"]]
done = subprocess.run(command, capture_output=True, text=True, timeout=120)
check("llm: tools", done.returncode == 0, done.stderr)
sys.exit(check.failed)

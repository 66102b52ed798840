// The official `openai` package for JavaScript, as it is published. Prints one line: what it saw.
import OpenAI from "openai";

const { URL: url, KEY: apiKey, EMPTY_KEY: emptyKey } = process.env;
const model = "scripted";
const connect = (key) => new OpenAI({ baseURL: `${url}/v1`, apiKey: key });
const client = connect(apiKey);
const ask = (script) => [{ role: "user", content: JSON.stringify(script) }];
const weather = {
  type: "function",
  function: { name: "weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
};

const caught = async (key) => {
  try {
    await connect(key).chat.completions.create({ model, messages: ask({}) });
  } catch (problem) {
    return [problem.constructor.name, problem instanceof OpenAI.APIError && problem.status, problem.code];
  }
};

const models = [];
for await (const one of client.models.list()) models.push(one.id);
const whole = await client.chat.completions.create({ model, messages: ask({ words: 3 }) });
const stream = await client.chat.completions.create({
  model, messages: ask({ words: 3 }), stream: true, stream_options: { include_usage: true },
});
let streamed = "";
let usage;
for await (const chunk of stream) {
  streamed += chunk.choices[0]?.delta.content ?? "";
  usage = chunk.usage ?? usage;
}
const called = await client.chat.completions.create({ model, messages: ask({ tools: true }), tools: [weather] });
const { name, arguments: given } = called.choices[0].message.tool_calls[0].function;
const response = await client.responses.create({ model, input: ask({ words: 2 }) });

console.log(JSON.stringify({
  models,
  whole: whole.choices[0].message.content,
  streamed,
  tool: [name, JSON.parse(given)],
  usage: [usage.prompt_tokens, usage.completion_tokens],
  unknown: await caught("sk-solvent-unknown"),
  empty: await caught(emptyKey),
  response: response.output_text,
}));

// The Vercel AI SDK with both of its providers that speak OpenAI's dialect. Prints one line: what it saw.
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";

const { URL: url, KEY: apiKey, EMPTY_KEY: emptyKey } = process.env;
const baseURL = `${url}/v1`;
const connect = (key) => createOpenAICompatible({ name: "solvent", baseURL, apiKey: key, includeUsage: true })("scripted");
const model = connect(apiKey);
const ask = (script) => JSON.stringify(script);
const given = [];
const weather = tool({
  description: "How it is outside",
  inputSchema: jsonSchema({ type: "object", properties: { city: { type: "string" } } }),
  execute: async (input) => { given.push(input); return "It rains."; },
});

const caught = async (key) => {
  try {
    await generateText({ model: connect(key), prompt: ask({}) });
  } catch (problem) {
    const { error } = JSON.parse(problem.responseBody);
    return [problem.name, APICallError.isInstance(problem) && problem.statusCode, error.code];
  }
};

const read = async (asked) => {
  const result = streamText({ ...asked, onError: ({ error }) => { throw error; } });
  let text = "";
  for await (const part of result.textStream) text += part;
  return [text, await result.usage];
};

const whole = await generateText({ model, prompt: ask({ words: 3 }) });
const [streamed, usage] = await read({ model, prompt: ask({ words: 3 }) });
const looped = await generateText({
  model, prompt: ask({ tools: true }), tools: { weather }, stopWhen: stepCountIs(3),
});
const call = looped.steps[0].toolCalls[0];
const openai = createOpenAI({ baseURL, apiKey });
const response = await generateText({ model: openai("scripted"), prompt: ask({ words: 2 }) });
const [responded] = await read({ model: openai("scripted"), prompt: ask({ words: 2 }) });
const chatted = await generateText({ model: openai.chat("scripted"), prompt: ask({ words: 2 }) });

console.log(JSON.stringify({
  whole: whole.text,
  streamed,
  tool: [call.toolName, given[0]],
  usage: [usage.inputTokens, usage.outputTokens],
  unknown: await caught("sk-solvent-unknown"),
  empty: await caught(emptyKey),
  response: response.text,
  others: [responded.trim(), chatted.text, looped.text],
}));

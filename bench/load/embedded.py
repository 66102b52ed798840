"""TensorZero's gateway inside this process, asked as often as it answers; prints answers a second.

Run by its own interpreter, `.bench/tensorzero-venv`: CONFIG CONNECTIONS SECONDS.
"""

import asyncio
import sys
import time

from tensorzero import AsyncTensorZeroGateway  # type: ignore[import-not-found]  # of its own interpreter

MODEL = "bench-model"
WARM_UP_SECONDS = 0.5
ASKED = {
    "system": "You answer questions about one small shop, in the language of the question, in a few sentences.",
    "messages": [
        {
            "role": "user",
            "content": "I ordered two blue lamps on Monday and one of them came with a broken switch. I still have the "
            "box and the receipt. Can I send only the broken one back, who pays for the parcel, and how long does it "
            "take until the new one is here? I will be away from the 12th to the 15th.",
        }
    ],
}


async def main(config: str, connections: int, seconds: float) -> float:
    gateway = await AsyncTensorZeroGateway.build_embedded(config_file=config)
    begin_s = time.perf_counter() + WARM_UP_SECONDS
    end_s = begin_s + seconds
    answers = 0

    async def ask() -> None:
        nonlocal answers
        while time.perf_counter() < end_s:
            reply = await gateway.inference(model_name=MODEL, input=ASKED)
            if not reply.usage.output_tokens:
                raise RuntimeError("an answer without its usage")
            if begin_s <= time.perf_counter() < end_s:
                answers += 1

    await asyncio.gather(*(ask() for _ in range(connections)))
    return answers / seconds


if __name__ == "__main__":
    print(asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))))

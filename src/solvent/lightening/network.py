"""The Qwen2 architecture in plain PyTorch, as small as it can be written, for training the house model.

A blocking job: torch is a development dependency, so the class is made inside a function.
"""

from typing import Any

from solvent.lightening.recipe import Recipe


def make_network(recipe: Recipe, vocabulary: int) -> Any:
    """An untrained network; its state dictionary uses llama.cpp's tensor names, with `_` for `.`."""
    import torch
    from torch import nn
    from torch.nn import functional

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            wide, narrow = recipe.heads * recipe.head_width, recipe.key_value_heads * recipe.head_width
            self.attn_norm = nn.RMSNorm(recipe.width, eps=recipe.norm_epsilon)
            self.attn_q = nn.Linear(recipe.width, wide)
            self.attn_k = nn.Linear(recipe.width, narrow)
            self.attn_v = nn.Linear(recipe.width, narrow)
            self.attn_output = nn.Linear(wide, recipe.width, bias=False)
            self.ffn_norm = nn.RMSNorm(recipe.width, eps=recipe.norm_epsilon)
            self.ffn_gate = nn.Linear(recipe.width, recipe.feed_forward, bias=False)
            self.ffn_up = nn.Linear(recipe.width, recipe.feed_forward, bias=False)
            self.ffn_down = nn.Linear(recipe.feed_forward, recipe.width, bias=False)

        def forward(self, x: Any, cosine: Any, sine: Any) -> Any:
            rows, length, _ = x.shape
            h = self.attn_norm(x)

            def heads(y: Any) -> Any:
                return y.view(rows, length, -1, recipe.head_width).transpose(1, 2)

            def turn(y: Any) -> Any:
                left, right = y.chunk(2, dim=-1)
                return y * cosine + torch.cat((-right, left), dim=-1) * sine

            q, k, v = turn(heads(self.attn_q(h))), turn(heads(self.attn_k(h))), heads(self.attn_v(h))
            repeats = recipe.heads // recipe.key_value_heads
            k, v = k.repeat_interleave(repeats, 1), v.repeat_interleave(repeats, 1)
            # Written out: on a CPU with short rows this trains faster than the fused attention.
            scores = q.to(v.dtype) @ k.to(v.dtype).transpose(-1, -2) * recipe.head_width**-0.5
            future = torch.ones(length, length, dtype=torch.bool).triu(1)
            h = scores.float().masked_fill(future, float("-inf")).softmax(-1).to(v.dtype) @ v
            x = x + self.attn_output(h.transpose(1, 2).reshape(rows, length, -1))
            h = self.ffn_norm(x)
            return x + self.ffn_down(functional.silu(self.ffn_gate(h)) * self.ffn_up(h))

    class Network(nn.Module):
        cosine: torch.Tensor
        sine: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            self.token_embd = nn.Embedding(vocabulary, recipe.width)
            self.blk = nn.ModuleList(Block() for _ in range(recipe.layers))
            self.output_norm = nn.RMSNorm(recipe.width, eps=recipe.norm_epsilon)
            self.drop = nn.Dropout(recipe.dropout)
            steps = torch.arange(0, recipe.head_width, 2).float() / recipe.head_width
            angles = torch.outer(torch.arange(recipe.context).float(), recipe.rope_base**-steps)
            angles = torch.cat((angles, angles), dim=-1)
            self.register_buffer("cosine", angles.cos(), persistent=False)
            self.register_buffer("sine", angles.sin(), persistent=False)
            for module in self.modules():
                if isinstance(module, (nn.Linear, nn.Embedding)):
                    nn.init.normal_(module.weight, std=0.02)

        def forward(self, tokens: Any) -> Any:
            """Hidden states (rows, length, width); rows are padded on the right, which causality ignores."""
            x = self.drop(self.token_embd(tokens))
            cosine, sine = self.cosine[: tokens.shape[1]], self.sine[: tokens.shape[1]]
            for block in self.blk:
                x = block(x, cosine, sine)
            return self.output_norm(x)

        def logits(self, hidden: Any) -> Any:
            """Scores over the vocabulary with the tied embedding."""
            return functional.linear(hidden, self.token_embd.weight)

    torch.manual_seed(recipe.seed)
    return Network()

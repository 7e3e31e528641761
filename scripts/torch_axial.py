"""The axial network in PyTorch, with the parameter names of our checkpoints: a yardstick of speed, and a second opinion on
values. It is written as a PyTorch user would write it: batched matrix products where there are any, no masks, since the
tasks of one batch share a shape."""

import math

import torch
import torch.nn.functional as F

VAR_EPS, RMS_EPS, SHIFT = 1e-4, 1e-6, 3.0


class Axial(torch.nn.Module):
    def __init__(self, tensors, config):
        """`tensors`: name → tensor as in the safetensors file; `config`: the `network` table of its JSON."""
        super().__init__()
        self.c = config
        self.p = torch.nn.ParameterDict({k.replace(".", "/"): torch.nn.Parameter(v.clone()) for k, v in tensors.items()})

    def w(self, name):
        return self.p[name.replace(".", "/")]

    def linear(self, x, name):
        return x @ self.w(name + ".weight") + self.w(name + ".bias")

    def gelu(self, x, name):
        return F.gelu(self.linear(x, name), approximate="tanh")

    def rms(self, x, name):
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + RMS_EPS) * self.w(name)

    def forward(self, z, ties, dim_x):
        """z, ties (B, N, D), the first `dim_x` columns X's → quantiles of ln(1 + MI) (B, T)."""
        b, n, d = z.shape
        phi = self.cells(z, ties, dim_x)
        e = self.pairs(phi, dim_x)
        r = self.rows(phi, dim_x)
        return self.readout(e, r, n, dim_x, d - dim_x)

    def cells(self, z, ties, dx):
        b, n, d = z.shape
        z2, z3 = z * z, 3 * z
        basis = torch.stack([z, (z2 - 1) / 1.4, (z2 - 3) / 2.4 * z, z3.tanh(), z3.cos(), z3.sin()], -1)
        x = torch.cat([basis, ties.unsqueeze(-1)], -1)
        weight = torch.cat([self.w("cells.expand.weight"), self.w("cells.ties")], 0)
        h = F.gelu(x @ weight + self.w("cells.expand.bias"), approximate="tanh")
        c = self.gelu(h, "cells.context")
        own = torch.cat([c[:, :, s].sum(2, keepdim=True).expand(-1, -1, k, -1)
                         for s, k in ((slice(0, dx), dx), (slice(dx, d), d - dx))], 2)
        u = self.gelu(torch.cat([h, own, h * own.tanh()], -1), "cells.mix1")
        u = u + self.gelu(u, "cells.mix2")
        phi = self.linear(u, "cells.project")
        phi = phi + F.pad(basis, (0, phi.shape[-1] - basis.shape[-1]))
        phi = phi - phi.mean(1, keepdim=True)
        return phi * torch.rsqrt(phi.square().mean(1, keepdim=True) + VAR_EPS)

    def pairs(self, phi, dx):
        b, n, d, c = phi.shape
        t = phi.permute(0, 3, 2, 1).contiguous()
        m1 = t @ t.transpose(2, 3)
        m2 = t @ t.roll(1, 1).transpose(2, 3)
        m2 = (m2 + m2.transpose(2, 3)) / 2
        eye = torch.eye(d, device=phi.device, dtype=phi.dtype)
        m = (torch.cat([m1, m2], 1) * ((1 - eye) * (2 / n))).permute(0, 2, 3, 1)
        side = torch.ones(d, device=phi.device, dtype=phi.dtype)
        side[dx:] = -1
        full = lambda v: v.expand(b, d, d).unsqueeze(-1)
        const = lambda v: torch.full((b, d, d, 1), v, device=phi.device, dtype=phi.dtype)
        inputs = [m, full(side[:, None] * side), full(eye), const(math.log(n) / 3 - 1.5), const(math.log(d / 2) / 2)]
        e = self.linear(torch.cat(inputs, -1), "pairs.embed")
        root = math.sqrt(d)
        for i in range(self.c["pair_blocks"]):
            k = f"pairs.blocks.{i}."
            x = self.rms(e, k + "norm1")
            left, right = self.linear(x, k + "left"), self.linear(x, k + "right")
            y = (left.permute(0, 3, 1, 2) @ right.permute(0, 3, 1, 2)).permute(0, 2, 3, 1) / root
            y = (y + y.transpose(1, 2)) * 0.5 * torch.sigmoid(self.linear(x, k + "gate"))
            e = e + self.linear(y, k + "out")
            x = self.rms(e, k + "norm2")
            row = x.sum(2) / root
            u = self.linear(x, k + "mlp1") + (row @ self.w(k + "mlp1.weight_row")).unsqueeze(2)
            u = F.gelu(u + (row @ self.w(k + "mlp1.weight_col")).unsqueeze(1), approximate="tanh")
            u = self.linear(u, k + "mlp2")
            e = e + (u + u.transpose(1, 2)) * 0.5
        return e

    def rows(self, phi, dx):
        b, n, d, c = phi.shape
        g = self.gelu(phi, "rows.lift")
        x, y = g[:, :, :dx].sum(2), g[:, :, dx:].sum(2)
        r = self.linear(torch.cat([x + y, (x - y).abs()], -1) / math.sqrt(d / 2), "rows.join")
        inducing = self.w("rows.inducing")
        scale = 1 / math.sqrt(r.shape[-1])
        for i in range(self.c["row_blocks"]):
            k = f"rows.blocks.{i}."
            x = self.rms(r, k + "norm1")
            a = torch.softmax(self.linear(x, k + "key") @ inducing.T * scale, 1)
            points = a.transpose(1, 2) @ self.linear(x, k + "value")
            logits = self.linear(x, k + "query") @ self.linear(points, k + "inducing_key").transpose(1, 2) * scale
            r = r + self.linear(torch.softmax(logits, -1) @ points, k + "out")
            x = self.rms(r, k + "norm2")
            r = r + self.linear(self.gelu(x, k + "mlp1"), k + "mlp2")
        return r

    def readout(self, e, r, n, dx, dy):
        b = e.shape[0]
        across = e[:, :dx, dx:]
        xy = across.sum((1, 2))
        within = e[:, :dx, :dx].sum((1, 2)) + e[:, dx:, dx:].sum((1, 2))
        diagonal = e.diagonal(dim1=1, dim2=2).sum(-1)
        top = across.amax((1, 2))
        size = dx * dy
        squash = lambda t: torch.asinh(t) / 2
        const = lambda v: torch.full((b, 1), v, device=e.device, dtype=e.dtype)
        log_n = math.log(n)
        features = [
            xy / size, squash(xy), squash(within), within / size, diagonal / math.sqrt(size), squash(diagonal), top,
            squash(xy) * (log_n * 0.2), const(log_n / 3 - 1.5), const(math.log(size) / 4),
            const(math.sqrt(math.sqrt(size) / n)), const(1.0), const(abs(math.log(dx / dy)) / 2),
            r.mean(1), (r.square().mean(1) + 1e-6).sqrt(),
        ]
        u = self.gelu(torch.cat(features, -1), "readout.hidden1")
        u = u + self.gelu(u, "readout.hidden2")
        raw = self.linear(u, "readout.quantiles")
        return torch.cat([raw[:, :1], raw[:, :1] + F.softplus(raw[:, 1:] - SHIFT).cumsum(1)], 1)


def pinball(q, mi, taus):
    error = torch.log1p(mi).unsqueeze(1) - q
    return torch.maximum(taus * error, (taus - 1) * error).mean()

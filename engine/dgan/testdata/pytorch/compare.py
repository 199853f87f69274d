"""Times one training iteration of NetShare's default networks in PyTorch and in this project, in one run.

Usage, at the root of the repository, with PyTorch (torch from PyPI, or Debian's python3-torch) and Go:

    python3 engine/dgan/testdata/pytorch/compare.py [--iterations 5] [--rounds 3]

An iteration is five updates of critic and attribute critic (four hidden layers of 512, gradient penalty) and one
of the generator (attributes: four hidden layers of 512 with batch normalisation; features: LSTM of 100, ten records
a step), batches of 100, attributes of 150 columns, 50 records of 40 columns, as in NetShare's doppelganger_torch.
The penalty is taken where NetShare takes it, at the generated samples (one), and between them and real ones
(uniform). This project's real rows are one-hot fields and padded series, as traces give them: about one value in
eight is not zero, and it multiplies those alone, where PyTorch multiplies all. Both sides take turns, and the fastest iteration of each counts, so that other work on the machine
disturbs little; processor time is of all threads.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time

BATCH, ATTRIBUTES, RECORDS, COLUMNS, LATENT, PER_STEP = 100, 150, 50, 40, 5, 10


def torch_iterations(threads, iterations, uniform):
    import torch
    from torch import nn

    torch.set_num_threads(threads)
    torch.manual_seed(1)
    width = [512] * 4

    def mlp(columns, out, norm):
        layers = []
        for units in width:
            layers += [nn.Linear(columns, units), nn.ReLU()] + ([nn.BatchNorm1d(units)] if norm else [])
            columns = units
        return nn.Sequential(*layers, nn.Linear(columns, out))

    attributes = mlp(LATENT, ATTRIBUTES, True)
    lstm = nn.LSTM(ATTRIBUTES + LATENT, 100, batch_first=True)
    head = nn.Linear(100, PER_STEP * COLUMNS)
    critic = mlp(ATTRIBUTES + RECORDS * COLUMNS, 1, False)
    attribute_critic = mlp(ATTRIBUTES, 1, False)
    generator = [*attributes.parameters(), *lstm.parameters(), *head.parameters()]
    adam = lambda ps: torch.optim.Adam(ps, lr=1e-4, betas=(0.5, 0.999))
    steps = adam(generator), adam(critic.parameters()), adam(attribute_critic.parameters())

    def heads(x):  # blocks of ten columns, as one-hot fields have them
        return torch.softmax(x.reshape(x.shape[0], -1, 10), -1).reshape(x.shape[0], -1)

    def generate(noise):
        rows = heads(attributes(noise))
        given = rows.detach().unsqueeze(1).expand(-1, RECORDS // PER_STEP, -1)
        start = torch.randn(1, BATCH, 100), torch.randn(1, BATCH, 100)
        out, _ = lstm(torch.cat([given, torch.randn(BATCH, RECORDS // PER_STEP, LATENT)], -1), start)
        return rows, heads(head(out).reshape(BATCH, -1))

    def penalty(net, real, fake):
        t = torch.rand(BATCH, 1) if uniform else torch.ones(BATCH, 1)
        at = (real + t * (fake - real)).requires_grad_()
        gradient = torch.autograd.grad(net(at).sum(), at, create_graph=True)[0]
        return ((torch.sqrt((gradient ** 2).sum(1) + 1e-8) - 1) ** 2).mean()

    real_rows, real_series = heads(torch.randn(BATCH, ATTRIBUTES)), heads(torch.randn(BATCH, RECORDS * COLUMNS))
    times = []
    for _ in range(iterations + 1):
        began, used = time.perf_counter(), time.process_time()
        noise = torch.randn(BATCH, LATENT)
        for _ in range(5):
            with torch.no_grad():
                rows, series = generate(noise)
            real, fake = torch.cat([real_rows, real_series], 1), torch.cat([rows, series], 1)
            for net, step, a, b in (critic, steps[1], real, fake), (attribute_critic, steps[2], real_rows, rows):
                loss = net(b).mean() - net(a).mean() + 10 * penalty(net, a, b)
                step.zero_grad()
                loss.backward()
                step.step()
        rows, series = generate(noise)
        loss = -critic(torch.cat([rows, series], 1)).mean() - attribute_critic(rows).mean()
        steps[0].zero_grad()
        loss.backward()
        steps[0].step()
        times.append((time.perf_counter() - began, time.process_time() - used))
    return min(t[0] for t in times[1:]), min(t[1] for t in times[1:])


def go_iterations(program, threads, iterations, uniform):
    name = "BenchmarkStep/netshare/%s" % ("uniform" if uniform else "one")
    out = subprocess.run(
        [program, "-test.run", "-", "-test.bench", "^%s$" % name.replace("/", "$/^"), "-test.benchtime",
         "%dx" % iterations, "-test.cpu", str(threads)], capture_output=True, text=True)
    found = [re.search(r"([\d.]+) %s" % unit, out.stdout) for unit in ("least-ms", "least-cpu-ms")]
    if out.returncode or None in found:
        sys.exit(out.stdout + out.stderr)
    return tuple(float(f[1]) / 1e3 for f in found)


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--iterations", type=int, default=5)
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "dgan.test")
        subprocess.run(["go", "test", "-c", "-o", program, "./engine/dgan"], check=True)
        compare(program, given.iterations, given.rounds)


def compare(program, iterations, rounds):
    import torch

    print("PyTorch %s; ms an iteration: by the clock, of processor time" % torch.__version__)
    print("%-8s %7s   %-16s %-16s %s" % ("penalty", "threads", "PyTorch", "netshare", "times as fast"))
    for uniform in False, True:
        turns = [(torch_iterations(threads, iterations, uniform), go_iterations(program, threads, iterations, uniform), threads)
                 for _ in range(rounds) for threads in (1, 2)]
        ours = {}
        for threads in 1, 2:
            t, g = ([min(p[side][k] for p in turns if p[2] == threads) for k in (0, 1)] for side in (0, 1))
            ours[threads] = g[0]
            print("%-8s %7d   %6.0f %6.0f    %6.0f %6.0f    %.2f, of processor time %.2f" % (
                "uniform" if uniform else "one", threads, t[0] * 1e3, t[1] * 1e3, g[0] * 1e3, g[1] * 1e3, t[0] / g[0], t[1] / g[1]))
        print("two threads of netshare against one: %.2f" % (ours[1] / ours[2]), flush=True)


if __name__ == "__main__":
    main()

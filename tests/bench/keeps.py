"""What keeping costs: signing in under load, the guard, the audit log, and what a kill takes. Called by bench.py, whose helpers it uses."""

import json, os, re, shutil, signal, statistics, subprocess, time, urllib.error, urllib.request


def measure(bench):
    data, server, tokens = door(bench)
    guard(bench, server, tokens)
    server.stop()
    audit(bench)
    killed(bench)


def door(bench):
    """10 logins/s, each an Argon2id, while 1,000 dashboard requests/s go on over 20 tenants."""
    data = bench.WORK / "door"; shutil.rmtree(data, ignore_errors=True)
    for i in range(20):
        bench.new_tenant(data, f"t{i:02}")
        bench.run(bench.BIN, "import", "--tenant", f"t{i:02}", "--brand", "brand", "--data", data, bench.WORK / "small" / "shopify_orders.csv")
    server = bench.Server(data)
    tokens = [server.login(f"owner@t{i:02}.example") for i in range(20)]
    for token in tokens: bench.dashboard(server, token)
    tenants = [{"token": t, "brand": "brand", "email": f"owner@t{i:02}.example", "password": bench.PASSWORD} for i, t in enumerate(tokens)]
    seconds = int(os.environ.get("BENCH_SECONDS", "60")) / 2
    plan = bench.WORK / "plan.json"
    plan.write_text(json.dumps({"addr": server.addr, "tenants": tenants, "rate": 1010, "seconds": seconds, "fresh_every": 1_000_000_000, "logins_per_second": 10}))
    mixed = json.loads(bench.run(bench.LOAD, "mixed", plan))["mixed"]
    login, cached = mixed["classes"]["login"], mixed["classes"]["cached"]
    bench.row(f"login, 10/s beside 1,000 dashboards/s for {seconds:.0f} s", f"p50 {login['p50_ms']:.0f} ms, p95 {login['p95_ms']:.0f} ms; dashboards p95 {cached['p95_ms']:.1f} ms, errors {sum(mixed['errors'].values())} {mixed['errors'] or ''}", aim="login p95 < 150 ms")
    return data, server, tokens


def guard(bench, server, tokens):
    """The stage `auth` of `Server-Timing`: the token, the person's version, the role, the brand."""
    took = []
    for _ in range(2_000):
        head = server.get(f"/api/brands/brand/dashboard?{bench.WINDOW}", tokens[0])[1]
        took.append(float(re.search(r"auth;dur=([\d.]+)", head["Server-Timing"]).group(1)) * 1000)
    took.sort()
    bench.row("the guard of one request (Server-Timing, one connection at a time)", f"p50 {statistics.median(took):.0f} µs, p95 {took[1_900]:.0f} µs", aim="< 20 µs")


def audit(bench):
    """The same change of a brand with and without its entry, by turns on one store."""
    out = json.loads(bench.run(bench.MUTATION))
    bench.row("a change of a brand with its audit entry, and without", f"{out['with_us']:.0f} µs", f"{out['without_us']:.0f} µs", f"{out['with_us'] / out['without_us'] - 1:+.1%}", "< 10 %")


def killed(bench):
    """kill -9 under load with 1,000 tenants, then from the new process's start to the first dashboard of a tenant that worked before."""
    data = bench.WORK / "thousand"
    if not (data / "done").exists():
        shutil.rmtree(data, ignore_errors=True)
        for i in range(10): bench.new_tenant(data, f"t{i:04}")
        for i in range(10, 1_000): bench.run(bench.BIN, "tenant", "add", f"t{i:04}", "--data", data)
        for i in range(10): bench.run(bench.BIN, "import", "--tenant", f"t{i:04}", "--brand", "brand", "--data", data, bench.WORK / "small" / "shopify_orders.csv")
        (data / "done").touch()
    waits = []
    for _ in range(5):
        server = bench.Server(data)
        tokens = [server.login(f"owner@t{i:04}.example") for i in range(10)]
        for token in tokens: bench.dashboard(server, token)
        tenants = [{"token": t, "brand": "brand", "email": f"owner@t{i:04}.example", "password": bench.PASSWORD} for i, t in enumerate(tokens)]
        plan = bench.WORK / "plan.json"
        plan.write_text(json.dumps({"addr": server.addr, "tenants": tenants, "rate": 300, "seconds": 20, "fresh_every": 10, "landings_per_second": 5}))
        load = subprocess.Popen([str(bench.LOAD), "mixed", str(plan)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(2)
        server.process.send_signal(signal.SIGKILL); server.process.wait()
        load.kill(); load.wait()
        began = time.monotonic()
        again = bench.Server(data)
        status, _, _ = bench.dashboard(again, tokens[0])
        waits.append(time.monotonic() - began)
        again.stop()
    bench.row("kill -9 under load, 1,000 tenants: start to the first dashboard, worst of 5", f"{max(waits) * 1000:.0f} ms", aim="< 2,000 ms")

"""`make bench`: Pulsepoint beside the seed document's own stack and beside the floor, in one run on one machine.

Needs ../shared/yardstick, Debian's wrk, postgresql and redis-server, and a Python environment with numpy, fastapi, uvicorn, asyncpg,
redis, pyjwt and orjson (the Makefile makes one). Ratios are what counts; absolute figures are this machine's on this day.
"""

import csv, decimal, json, os, re, shutil, signal, subprocess, sys, time, urllib.error, urllib.request, uuid
from pathlib import Path

D = decimal.Decimal
BIN, LOAD, MUTATION, ATTRIBUTION, YARD, WORK = (
    Path(os.environ[k]).resolve() for k in ("PULSEPOINT_BIN", "BENCH_LOAD", "BENCH_MUTATION", "BENCH_ATTRIBUTION", "YARDSTICK", "BENCH_DIR")
)
NOW = "2026-11-22T12:00:00Z"
WINDOW = "from=2026-10-23&to=2026-11-22&range=custom&cmp=prev&match=date"
PASSWORD = "bench-correct-horse-battery"
rows = []


def row(name, ours, theirs="", ratio="", aim=""):
    rows.append((name, ours, theirs, ratio, aim))
    print(f"  {name}: {ours} {theirs} {ratio} {aim}", flush=True)


def run(*args, **kw):
    return subprocess.run([str(a) for a in args], check=True, text=True, capture_output=True, **kw).stdout


def rss_mb(pid, field="VmRSS"):
    return int(re.search(rf"{field}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()).group(1)) / 1024


class Server:
    """One `pulsepoint serve` on a data folder."""

    def __init__(self, data, settings={}):
        self.data, self.began = data, time.monotonic()
        env = {**os.environ, "PULSEPOINT_RATE_LIMIT_PER_MINUTE": "0", "RUST_LOG": "warn", **settings}
        self.log = open(WORK / "serve.log", "a")
        self.process = subprocess.Popen([str(BIN), "serve", "--data", str(data), "--listen", "127.0.0.1:0", "--now", NOW], env=env, stdout=subprocess.PIPE, stderr=self.log, text=True)
        for line in self.process.stdout:
            if "listening on http://" in line:
                self.url = line.strip().split("listening on ")[1].rstrip("/")
                break
        else:
            sys.exit("the server did not start: see serve.log")
        while self.get("/readyz", ok=None)[0] != 200:
            time.sleep(0.005)
        self.ready_ms = (time.monotonic() - self.began) * 1000
        self.addr = self.url.removeprefix("http://")

    def ask(self, method, path, body=None, token=None, headers=None, ok=(200, 201, 202)):
        headers = dict(headers or {})
        if token: headers["Authorization"] = f"Bearer {token}"
        data = None
        if body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        request = urllib.request.Request(self.url + path, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request) as r: status, head, text = r.status, r.headers, r.read()
        except urllib.error.HTTPError as e: status, head, text = e.code, e.headers, e.read()
        if ok and status not in ok: sys.exit(f"{method} {path}: {status} {text[:500]!r}")
        return status, head, text

    def get(self, path, token=None, headers=None, ok=(200,)):
        return self.ask("GET", path, None, token, headers, ok)

    def login(self, email):
        return json.loads(self.ask("POST", "/api/auth/login", {"email": email, "password": PASSWORD})[2])["access_token"]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def new_tenant(data, slug, brand="brand"):
    run(BIN, "tenant", "add", slug, "--data", data)
    run(BIN, "brand", "add", brand, "--tenant", slug, "--currency", "USD", "--timezone", "UTC", "--data", data)
    run(BIN, "user", "add", f"owner@{slug}.example", "--tenant", slug, "--role", "owner", "--name", "Owner", "--data", data, "--password-stdin", input=PASSWORD)


def files():
    out = WORK / "data"
    if not (out / "done").exists():
        run(sys.executable, YARD / "generate.py", out)
        (out / "done").touch()
    return out, [(out / "shopify_orders.csv", []), *((out / f"{p}_ads.csv", ["--account", p, "--currency", "USD", "--timezone", "UTC"]) for p in ("meta", "google", "tiktok"))]


def truth(out):
    """The generator's own totals over the window and over all days, read from its file with decimals."""
    orders = every = net = everynet = D(0)
    for r in csv.DictReader(open(out / "shopify_orders.csv")):
        if not r["Id"]: continue
        subtotal, total, refund = D(r["Subtotal"]), D(r["Total"]), D(r["Refunded Amount"] or 0)
        n = subtotal - (refund * subtotal / total if total else 0)
        every += 1; everynet += n
        if "2026-10-23" <= r["Created at"][:10] < "2026-11-22": orders += 1; net += n
    return int(every), everynet, int(orders), net


def wrk(url, token, connections, seconds=8, headers=()):
    script = WORK / "report.lua"
    script.write_text('done = function(s, l, r) io.write(string.format("JSON {\\"rps\\":%f,\\"p50\\":%f,\\"p99\\":%f,\\"errors\\":%d}\\n", s.requests / s.duration * 1e6, l:percentile(50) / 1000, l:percentile(99) / 1000, s.errors.status + s.errors.connect + s.errors.read + s.errors.timeout)) end')
    extra = [x for h in (f"Authorization: Bearer {token}", *headers) for x in ("-H", h)]
    text = run("wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script, *extra, url)
    return json.loads(re.search(r"JSON (.*)", text).group(1))


def dashboard(server, token, brand="brand", headers=None):
    status, head, body = server.get(f"/api/brands/{brand}/dashboard?{WINDOW}", token, headers)
    return json.loads(body), head, body


def kpi(d, name):
    return D(str(next(k["value"] for k in d["kpis"] if k["id"] == name)))


def import_all(data, tenant, sources):
    began = time.monotonic(); peak = 0
    for path, extra in sources:
        text = subprocess.run(["/usr/bin/env", "time", "-f", "%M", str(BIN), "import", "--tenant", tenant, "--brand", "brand", "--data", str(data), *extra, str(path)], check=True, capture_output=True, text=True).stderr
        peak = max(peak, int(text.strip().splitlines()[-1]) / 1024)
    return time.monotonic() - began, peak


def big(out, sources, every, orders, net, everynet):
    data = WORK / "big"; shutil.rmtree(data, ignore_errors=True)
    new_tenant(data, "big")
    _, peak = import_all(data, "big", sources)
    server = Server(data); token = server.login("owner@big.example")
    began = time.monotonic(); d, head, _ = dashboard(server, token)
    cold_ms = (time.monotonic() - began) * 1000
    got = (int(kpi(d, "orders")), kpi(d, "net_sales"))
    if got[0] != orders or abs(got[1] - net) > 1: sys.exit(f"figures differ from the generator's: {got} is not {(orders, net)}")
    q = json.loads(server.ask("POST", "/api/brands/brand/query", {"metrics": ["orders", "net_sales"], "time": {"start": "2020-01-01", "end": "2027-01-01"}}, token)[2])
    total = dict(zip([c["id"] if isinstance(c, dict) else c for c in q["columns"]], q["rows"][0]))
    if int(total["orders"]) != every or abs(D(str(total["net_sales"])) - everynet) > 1: sys.exit(f"all-time figures differ: {total} is not {(every, everynet)}")
    print(f"  figures equal the generator's: {every} orders, net sales {total['net_sales']} over all days (generator {everynet:.2f})")
    row("importer's memory, no server beside it", f"{peak:.0f} MB", aim="< 300 MB")
    row("cold tenant, first dashboard", f"{cold_ms:.0f} ms ({head['X-Cache']})", aim="< 2,000 ms")
    return server, token


def yardstick(out, orders, net):
    env = {**os.environ, "YARD": "/tmp/pulsepoint-yardstick", "PY": sys.executable}
    subprocess.run(["bash", str(YARD / "up.sh"), str(out)], check=True, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    import jwt
    token = jwt.encode({"tenant_id": 1, "user_id": 1}, "yardstick-secret-yardstick-secret-32", algorithm="HS256")
    url = "http://127.0.0.1:8499/api/brands/1/dashboard"
    for _ in range(200):
        try:
            d = json.loads(urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})).read()); break
        except OSError: time.sleep(0.1)
    else: sys.exit("the yardstick did not start")
    if d["kpi"]["orders"] != orders or abs(D(str(d["kpi"]["net"])) - net) > 1: sys.exit(f"the yardstick differs: {d['kpi']}")
    cached = wrk(url, token, 32)
    fresh1, fresh4 = wrk(url + "?fresh=1", token, 1), wrk(url + "?fresh=1", token, 4)
    subprocess.run(["bash", str(YARD / "up.sh"), "down"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return cached, fresh1, fresh4


def floor(head, body):
    recorded = WORK / "recorded.json"
    recorded.write_text(json.dumps({"headers": [(k.lower(), v) for k, v in head.items()], "body": body.decode()}))
    process = subprocess.Popen([str(LOAD), "floor", str(recorded)], stdout=subprocess.PIPE, text=True)
    addr = json.loads(process.stdout.readline())["listening"]
    out = wrk(f"http://{addr}/", "x", 32); process.kill(); process.wait()
    return out


def speed(server, token, yard):
    url = f"{server.url}/api/brands/brand/dashboard?{WINDOW}"
    _, head, body = dashboard(server, token)
    cached, base = wrk(url, token, 32), floor(head, body)
    fresh1 = wrk(url, token, 1, headers=["Cache-Control: no-cache"]); fresh4 = wrk(url, token, 4, headers=["Cache-Control: no-cache"])
    y, y1, y4 = yard
    row("cached dashboard, requests/s at 32", f"{cached['rps']:,.0f}", f"{y['rps']:,.0f}", f"×{cached['rps'] / y['rps']:.1f}", "≥ ×15")
    row("… of the floor (axum, same bytes and headers)", f"{cached['rps']:,.0f}", f"{base['rps']:,.0f}", f"{cached['rps'] / base['rps']:.0%}", "≥ 40 %")
    packed = wrk(url, token, 32, headers=["Accept-Encoding: gzip"])
    row("… as browsers ask for it (gzip)", f"{packed['rps']:,.0f}", f"{y['rps']:,.0f}", f"×{packed['rps'] / y['rps']:.1f}")
    row("cached dashboard, p99", f"{cached['p99']:.2f} ms", f"{y['p99']:.1f} ms", f"1/{y['p99'] / cached['p99']:.0f}", "< 1/10")
    row("fresh dashboard, p50 alone", f"{fresh1['p50']:.1f} ms", f"{y1['p50']:.0f} ms", f"1/{y1['p50'] / fresh1['p50']:.1f}", "≤ 1/15, aim 1/20")
    row("fresh dashboard, requests/s at 4", f"{fresh4['rps']:.0f}", f"{y4['rps']:.0f}", f"×{fresh4['rps'] / y4['rps']:.1f}", "≥ 100/s, aim 200")
    errors = {k: v["errors"] for k, v in dict(cached=cached, fresh1=fresh1, fresh4=fresh4).items() if v["errors"]}
    if errors: row("errors in the above", str(errors), aim="0")


def live_import(sources, orders):
    """Import through a running server until the page has all figures; then what a small landing takes."""
    data = WORK / "live"; shutil.rmtree(data, ignore_errors=True)
    new_tenant(data, "live"); server = Server(data); token = server.login("owner@live.example")
    began = time.monotonic()
    import_all(data, "live", sources)
    while int(kpi(dashboard(server, token)[0], "orders")) != orders: time.sleep(0.01)
    row("import of the whole set to figures on the page", f"{time.monotonic() - began:.1f} s", aim="< 6 s")
    row("… the server's peak memory meanwhile", f"{rss_mb(server.process.pid, 'VmHWM'):.0f} MB")
    waits = []
    for i in range(50):
        before = json.loads(server.get("/api/brands/brand/dashboard?range=custom&from=2026-11-20&to=2026-11-21&cmp=none", token)[2])
        body = f"Name,Currency,Subtotal,Shipping,Taxes,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Id\n#L{i},USD,10.00,0,0,10.00,2026-11-20 10:00:00 +0000,1,Thing,10.00,THING,{8_000_000_000 + i}\n"
        boundary = uuid.uuid4().hex
        payload = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="o.csv"\r\n\r\n{body}\r\n--{boundary}--\r\n'.encode()
        request = urllib.request.Request(f"{server.url}/api/brands/brand/imports", data=payload, headers={"Authorization": f"Bearer {token}", "Content-Type": f"multipart/form-data; boundary={boundary}"})
        began = time.monotonic(); urllib.request.urlopen(request).read()
        while kpi(json.loads(server.get("/api/brands/brand/dashboard?range=custom&from=2026-11-20&to=2026-11-21&cmp=none", token)[2]), "orders") == kpi(before, "orders"):
            time.sleep(0.002)
            if time.monotonic() - began > 10: sys.exit("a landing did not reach the figures within 10 s")
        waits.append(time.monotonic() - began)
    row("a landing is in the figures, worst of 50", f"{max(waits) * 1000:.0f} ms", aim="< 1,000 ms (p99)")
    server.stop()


def eight_million(out, every):
    """One sum by day over eight million lines: the yardstick's file ten times over, each time with ids of its own."""
    file = WORK / "lines.csv"
    if not file.exists():
        part = file.with_suffix(".part")
        with open(out / "shopify_orders.csv") as source, open(part, "w") as copy:
            copy.write(next(source)); body = source.read().splitlines()
            for n in range(10):
                for line in body:
                    name, rest = line.split(",", 1); rest, order, channel = rest.rsplit(",", 2)
                    copy.write(f"{name}-{n},{rest},{order and str(int(order) + n * 1_000_000_000)},{channel}\n")
        part.rename(file)
    lines = sum(1 for _ in open(file)) - 1
    data = WORK / "lines"; shutil.rmtree(data, ignore_errors=True)
    new_tenant(data, "lines"); took, peak = import_all(data, "lines", [(file, [])])
    server = Server(data); token = server.login("owner@lines.example")
    def ask(time, filters=(), metrics=("gross_sales", "orders")):
        q = {"metrics": list(metrics), "grain": "day", "time": time, "filters": list(filters)}
        return json.loads(server.ask("POST", "/api/brands/brand/query", q, token)[2])
    days = {"start": "2024-11-22", "end": "2026-11-22"}
    # A second is cut off the first day, and lines without SKU are left out (there are none): no rollup can answer that.
    cut, by_sku = {"start": "2024-11-22T00:00:01Z", "end": "2026-11-22T00:00:00Z"}, [{"dim": "sku", "op": "is_null", "value": False}]
    lines_only = (cut, by_sku, ["units_sold"])
    began = time.monotonic(); whole = ask(days); cold = time.monotonic() - began
    if int(whole["totals"][-1]) != every * 10: sys.exit(f"the copied orders are {whole['totals'][-1]}, not {every * 10}")
    if "fact_order_lines" not in ask(*lines_only)["sql"]: sys.exit("the sum over lines does not read lines")
    rolled, scanned, noted = (min(ask(*a)["elapsed_ms"] for _ in range(7)) for a in ((days,), lines_only, (cut, by_sku, ["gross_sales"])))
    row(f"one sum by day over {lines:,} lines, from the rollup", f"{lines / rolled / 1000:,.0f} M rows/s ({rolled:.1f} ms)", aim="100 M rows/s")
    row("… from the lines, a second cut off the first day", f"{lines / scanned / 1000:,.0f} M rows/s ({scanned:.0f} ms)", aim="100 M rows/s")
    row("… the same of money, with what its notes need", f"{lines / noted / 1000:,.0f} M rows/s ({noted:.0f} ms)")
    row("… import, first answer, memory", f"{took:.0f} s, {cold:.1f} s, importer {peak:.0f} MB, server {rss_mb(server.process.pid):,.0f} MB")
    server.stop()


def demo():
    """What `pulsepoint demo` takes the first time, from the command to the address."""
    data = WORK / "demo"; shutil.rmtree(data, ignore_errors=True)
    began = time.monotonic()
    process = subprocess.Popen([str(BIN), "demo", "--data", str(data), "--listen", "127.0.0.1:0", "--now", NOW], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if not any("listening on http://" in line for line in process.stdout): sys.exit("the demo did not start")
    row("the demo's first start, to its address", f"{time.monotonic() - began:.1f} s", aim="< 10 s")
    process.send_signal(signal.SIGTERM); process.wait(30)


def attribution():
    """All eight models over a million journeys of five touches, and again after an hour's new data."""
    out = json.loads(run(ATTRIBUTION)); cold, again = out["cold"], out["again"]
    if not out["same_as_read_anew"]: sys.exit("attribution brought forward differs from attribution read anew")
    off = max(cold["markov_off"], again["markov_off"])
    if off > 1e-9: sys.exit(f"Markov differs from the exact chain by {off}")
    row("eight attribution models, a million journeys of five touches, from nothing", f"{cold['ms']:,.0f} ms (reading {cold['ledger_ms']:,.0f} ms)", aim="< 3,000 ms")
    row("… again after an hour's new data", f"{again['ms']:.0f} ms (bringing forward {again['ledger_ms']:.0f} ms)", aim="< 300 ms")
    row("… Markov beside the exact chain, shares at most", f"{off:.0e} off", aim="< 1e-9")
    row("… memory at its highest, the warehouse's included", f"{out['peak_mb']:,} MB", f"warehouse {out['warehouse_mb']:,} MB")


def many(seconds):
    data = WORK / "many"; shutil.rmtree(data, ignore_errors=True)
    for i in range(100): new_tenant(data, f"t{i:03}")
    small = WORK / "small"
    if not (small / "done").exists():
        run(sys.executable, YARD / "generate.py", small, 2000, 120); (small / "done").touch()
    for i in range(100): run(BIN, "import", "--tenant", f"t{i:03}", "--brand", "brand", "--data", data, small / "shopify_orders.csv")
    server = Server(data)
    row("start to /readyz with 100 tenants", f"{server.ready_ms:.0f} ms", aim="< 300 ms")
    tokens = [server.login(f"owner@t{i:03}.example") for i in range(10)]
    for t in tokens: dashboard(server, t)
    time.sleep(2)
    row("idle memory, 100 small tenants, 10 open", f"{rss_mb(server.process.pid):.0f} MB", aim="< 200 MB")
    tokens += [server.login(f"owner@t{i:03}.example") for i in range(10, 100)]
    tenants = [{"token": t, "brand": "brand", "email": f"owner@t{i:03}.example", "password": PASSWORD} for i, t in enumerate(tokens)]
    for t in tokens: dashboard(server, t)
    plan = WORK / "plan.json"
    plan.write_text(json.dumps({"addr": server.addr, "tenants": tenants[:20], "burst": 100}))
    burst = json.loads(run(LOAD, "burst", plan))
    row("100 fresh at once over 20 tenants", f"{burst['all_ms']} ms, slowest by tenant {min(burst['slowest_by_tenant_ms'])}–{max(burst['slowest_by_tenant_ms'])} ms, {burst['errors']} errors", aim="fair")
    row("… memory after", f"{rss_mb(server.process.pid):.0f} MB", aim="bounded")
    plan.write_text(json.dumps({"addr": server.addr, "tenants": tenants, "rate": 1000, "seconds": seconds, "idle": 2000, "fresh_every": 10, "landings_per_second": 2, "logins_per_second": 1}))
    mixed = json.loads(run(LOAD, "mixed", plan))["mixed"]
    a = mixed["classes"]["all"]
    row(f"mixed, 1,000 requests/s for {seconds} s over 100 tenants, 2,000 idle connections", f"p50 {a['p50_ms']:.1f} ms, p95 {a['p95_ms']:.1f} ms, p99 {a['p99_ms']:.1f} ms, errors {sum(mixed['errors'].values())} {mixed['errors'] or ''}", aim="p95 < 50 ms, 0 errors")
    server.stop()


def main():
    WORK.mkdir(parents=True, exist_ok=True)
    out, sources = files(); every, everynet, orders, net = truth(out)
    server, token = big(out, sources, every, orders, net, everynet)
    speed(server, token, yardstick(out, orders, net)); server.stop()
    live_import(sources, orders)
    eight_million(out, every)
    demo()
    attribution()
    many(int(os.environ.get("BENCH_SECONDS", "60")))
    keeps.measure(sys.modules[__name__])
    backups.measure(sys.modules[__name__], sources)
    sync.measure(sys.modules[__name__])
    pixel.measure(sys.modules[__name__])
    print("\n| what | Pulsepoint | yardstick or floor | ratio | asked for |\n| --- | --- | --- | --- | --- |")
    for r in rows: print("| " + " | ".join(r) + " |")


if __name__ == "__main__":
    import backups
    import keeps
    import pixel
    import sync

    main()

"""Pulling against the simulator, both real processes over HTTP: orders from bulk files, ad rows, memory, and an hourly pass of many
tenants with nothing new. Called by bench.py, whose helpers it uses."""

import json, os, shutil, signal, statistics, subprocess, time

import backups

SHOP = {"source": "shopify", "brand": "brand", "credentials": {"access_token": "shpat_sandbox"}}
# Google answers at once, where Meta has a report waited for.
GOOGLE = {"source": "google_ads", "brand": "brand", "credentials": {"client_id": "sandbox.apps.googleusercontent.com", "client_secret": "GOCSPX-sandbox", "refresh_token": "1//sandbox-refresh", "developer_token": "sandbox-developer-token"}, "settings": {"history_days": 365}}


class Sandbox:
    """One `pulsepoint sandbox`, which refuses nothing for being too much."""

    def __init__(self, bench, **options):
        flags = [x for name, value in options.items() for x in (f"--{name}", str(value))]
        self.process = subprocess.Popen([str(bench.BIN), "sandbox", "--no-throttle", "--now", bench.NOW, "--listen", "127.0.0.1:0", *flags], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.process.stdout:
            if "http://" in line:
                self.url = "http://" + line.split("http://")[1].split()[0].rstrip("/")
                break

    def stop(self):
        self.process.send_signal(signal.SIGTERM); self.process.wait(30)


def settings(sandbox, **more):
    return {"PULSEPOINT_SANDBOX_URL": sandbox.url, "PULSEPOINT_SYNC_RAW_DAYS": "0", **more}


def measure(bench):
    peaks = {}
    for orders in (10_000, 1_000_000):
        peaks[orders] = bulk(bench, orders)
    small, large = peaks[10_000], peaks[1_000_000]
    bench.row("… the server's peak memory, 10 thousand and 1 million orders", f"{small:.0f} MB", f"{large:.0f} MB", f"{large / small - 1:+.0%}", "within 10 %")
    removal(bench)
    ads(bench)
    idle(bench)


def integrate(server, token, body):
    return json.loads(server.ask("POST", "/api/integrations", body, token)[2])["id"]


def wait(server, token, which, stream, limit=1800):
    """Until a stream's first pass is over: how long, and its rows."""
    began = time.monotonic()
    while time.monotonic() - began < limit:
        seen = json.loads(server.get(f"/api/integrations/{which}", token)[2])
        found = next(s for s in seen["streams"] if s["name"] == stream)
        if found["state"] == "healthy": return time.monotonic() - began, found["rows"]
        if seen["state"] in ("needs_sign_in", "paused"): raise SystemExit(f"the sync stopped: {seen}")
        time.sleep(0.05)
    raise SystemExit(f"the sync did not end: {seen}")


def bulk(bench, orders):
    data = bench.WORK / "pulled"; shutil.rmtree(data, ignore_errors=True)
    sandbox = Sandbox(bench, orders=orders, shops=1, days=700)
    bench.new_tenant(data, "pulled")
    server = bench.Server(data, settings(sandbox)); token = server.login("owner@pulled.example")
    shop = shop_of(sandbox)
    which = integrate(server, token, {**SHOP, "settings": {"shop": shop}})
    took, _ = wait(server, token, which, "orders")
    peak = bench.rss_mb(server.process.pid, "VmHWM")
    truth = next(s for s in totals(sandbox)["shopify"] if s["shop"] == shop)
    q = json.loads(server.ask("POST", "/api/brands/brand/query", {"metrics": ["orders", "gross_sales"], "time": {"start": "2020-01-01", "end": "2027-01-01"}}, token)[2])
    bench.row(f"{orders:,} orders from a bulk file, from the connection on", f"{orders / took:,.0f} orders/s ({took:.1f} s)", aim="20,000/s" if orders > 100_000 else "")
    print(f"  the simulator's own: {truth}; here: {q['rows']}", flush=True)
    server.stop(); sandbox.stop()
    return peak


def removal(bench, orders=100_000):
    """The slowest of many small changes while a shop is taken away with all that it brought."""
    data = bench.WORK / "pulled"; shutil.rmtree(data, ignore_errors=True)
    sandbox = Sandbox(bench, orders=orders, shops=1, days=700)
    bench.new_tenant(data, "pulled")
    server = bench.Server(data, settings(sandbox)); token = server.login("owner@pulled.example")
    which = integrate(server, token, {**SHOP, "settings": {"shop": shop_of(sandbox)}})
    for stream in ("orders", "products", "inventory"): wait(server, token, which, stream)
    writer = backups.Writer(server, token); writer.start()
    time.sleep(3)
    began = time.monotonic()
    server.ask("DELETE", f"/api/integrations/{which}?data=delete", None, token, ok=(204,))
    ended = time.monotonic()
    writer.ending = True; writer.join()
    rest, during = ([took for _, at, took in writer.acknowledged if first <= at < last] for first, last in ((0, began), (began, ended)))
    bench.row(f"a small change while {orders:,} orders are taken away ({ended - began:.0f} s, {len(during)} changes), and at rest", f"median {statistics.median(during) * 1000:.0f} ms, worst {max(during) * 1000:.0f} ms", f"median {statistics.median(rest) * 1000:.0f} ms, worst {max(rest) * 1000:.0f} ms", aim="stall < 50 ms")
    server.stop(); sandbox.stop()


def totals(sandbox):
    import urllib.request
    return json.loads(urllib.request.urlopen(f"{sandbox.url}/_control/totals").read())


def shop_of(sandbox):
    return totals(sandbox)["shopify"][0]["shop"]


def ads(bench):
    data = bench.WORK / "pulled"; shutil.rmtree(data, ignore_errors=True)
    sandbox = Sandbox(bench, orders=10, shops=1, days=365, accounts=1, ads=2_000)
    bench.new_tenant(data, "pulled")
    server = bench.Server(data, settings(sandbox)); token = server.login("owner@pulled.example")
    which = integrate(server, token, GOOGLE)
    took, rows = wait(server, token, which, "ads")
    bench.row(f"{rows:,} ad rows, from the connection on", f"{rows / took:,.0f} rows/s ({took:.1f} s)", aim="50,000/s")
    server.stop(); sandbox.stop()


def idle(bench):
    """What the server's process takes for one pass over 100 tenants whose sources have nothing new."""
    data = bench.WORK / "quiet"; shutil.rmtree(data, ignore_errors=True)
    sandbox = Sandbox(bench, orders=50, shops=1, days=30, accounts=1, ads=5)
    for i in range(100): bench.new_tenant(data, f"t{i:03}")
    server = bench.Server(data, settings(sandbox))
    tokens = [server.login(f"owner@t{i:03}.example") for i in range(100)]
    shop = shop_of(sandbox)
    ids = [integrate(server, token, {**SHOP, "settings": {"shop": shop}}) for token in tokens]
    for token, which in zip(tokens, ids):
        for stream in ("orders", "products", "inventory"): wait(server, token, which, stream)
    time.sleep(5)
    before = cpu(server)
    time.sleep(5)
    rest = cpu(server) - before
    runs = lambda i: len(json.loads(server.get(f"/api/integrations/{ids[i]}/runs", tokens[i])[2])["runs"])
    had = [runs(i) for i in range(100)]
    before, began = cpu(server), time.monotonic()
    for token, which in zip(tokens, ids): server.ask("POST", f"/api/integrations/{which}/sync", {}, token)
    while any(runs(i) <= had[i] for i in range(100)): time.sleep(0.5)
    time.sleep(2)
    took = cpu(server) - before - rest / 5 * (time.monotonic() - began)
    bench.row("one pass over 100 tenants' shops with nothing new, CPU of the server", f"{took:.2f} s", aim="< 5 s")
    server.stop(); sandbox.stop()


def cpu(server):
    fields = open(f"/proc/{server.process.pid}/stat").read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

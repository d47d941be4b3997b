"""The pixel: beacons of two shops of two tenants at a steady pace, and whether all that was taken is there. Called by bench.py, whose
helpers it uses."""

import json, os, shutil, tarfile, time

RATE = 5_000


def measure(bench):
    data = bench.WORK / "pixel"; shutil.rmtree(data, ignore_errors=True)
    slugs = ("one", "two")
    for slug in slugs:
        bench.new_tenant(data, slug)
        bench.run(bench.BIN, "import", "--tenant", slug, "--brand", "brand", "--data", data, bench.WORK / "small" / "shopify_orders.csv")
    # The load comes from one address and says whose each beacon is, as a proxy does.
    server = bench.Server(data, {"PULSEPOINT_TRUSTED_PROXIES": "127.0.0.1"})
    tokens = [server.login(f"owner@{slug}.example") for slug in slugs]
    sites = []
    for slug, token in zip(slugs, tokens):
        origin = f"https://{slug}.example"
        made = server.ask("POST", "/api/brands/brand/sites", {"name": "Shop", "origins": [origin], "consent": "implied"}, token)[2]
        sites.append({"key": json.loads(made)["id"], "origin": origin})
        bench.dashboard(server, token)
    seconds = int(os.environ.get("BENCH_SECONDS", "60")) / 3
    tenants = [{"token": t, "brand": "brand", "email": f"owner@{s}.example", "password": bench.PASSWORD} for s, t in zip(slugs, tokens)]
    plan = bench.WORK / "plan.json"
    plan.write_text(json.dumps({"addr": server.addr, "tenants": tenants, "sites": sites, "rate": RATE, "seconds": seconds, "dashboards_per_second": 20, "now_ms": int(time.time() * 1000)}))
    out = json.loads(bench.run(bench.LOAD, "pixel", plan))
    peak = bench.rss_mb(server.process.pid, "VmHWM")
    began = time.monotonic(); server.stop(); stopped = time.monotonic() - began
    taken = out["events"].get("beacon 204", 0)
    refused = {name: count for name, count in out["events"].items() if name.startswith("beacon") and name != "beacon 204"}
    if set(refused) - {"beacon 503"}: raise SystemExit(f"beacons were refused that should not be: {refused}")
    landed = sum(events(bench, data, slug) for slug in slugs)
    beacons, pages = out["seen"]["classes"]["beacon"], out["seen"]["classes"]["dashboard"]
    bench.row(f"beacons of two shops at {RATE:,} events/s for {seconds:.0f} s: events/s that landed", f"{landed / out['took']:,.0f} (in {out['beacons'] / out['took']:,.0f} beacons/s)", aim="5,000/s on 2 cores")
    bench.row("… lost of those that were taken; told to come again (503)", f"{taken - landed}; {refused.get('beacon 503', 0)}", aim="0")
    bench.row("… their answer", f"p50 {beacons['p50_ms']:.1f} ms, p99 {beacons['p99_ms']:.1f} ms")
    bench.row("… the dashboards of both tenants meanwhile, 20/s", f"p50 {pages['p50_ms']:.0f} ms, p95 {pages['p95_ms']:.0f} ms, of {pages['n']}", aim="p95 < 200 ms")
    bench.row("… the server's peak memory, its end with what was still to be written", f"{peak:.0f} MB, {stopped:.1f} s")


def events(bench, data, slug):
    """Everything that visits of a tenant counted, out of its export."""
    tar = bench.WORK / f"pixel-{slug}.tar"; tar.unlink(missing_ok=True)
    bench.run(bench.BIN, "tenant", "export", slug, "--to", tar, "--data", data)
    total = 0
    with tarfile.open(tar) as files:
        for member in files:
            if member.isfile() and "visits/" in member.name:
                for line in files.extractfile(member):
                    visit = json.loads(line)
                    total += visit["pages"] + visit["products"] + visit["adds"] + visit["checkouts"]
    return total

"""What backups cost and what they are worth: shipping beside an import, writers beside a backup, the way back to a moment, and
what is lost and how long it takes when the machine is. Called by bench.py, whose helpers it uses."""

import json, shutil, signal, statistics, threading, time


def measure(bench, sources):
    shipping(bench, sources)
    data, target, identity = stocked(bench, sources)
    stall(bench, data, target)
    moment(bench, data, target, identity)
    lost(bench)


def shipped(target):
    return {"PULSEPOINT_BACKUP_FOLDER": str(target), "PULSEPOINT_BACKUP_DAILY": "false"}


def shipping(bench, sources):
    """The yardstick's orders through a running server, by turns with and without continuous backup to another folder."""
    took = {True: [], False: []}
    for turn in range(6):
        on = turn % 2 == 0
        data, target = bench.WORK / "ship", bench.WORK / "ship-target"
        for folder in (data, target): shutil.rmtree(folder, ignore_errors=True)
        bench.new_tenant(data, "ship")
        server = bench.Server(data, shipped(target) if on else {})
        began = time.monotonic()
        bench.import_all(data, "ship", sources)
        took[on].append(time.monotonic() - began)
        server.stop()
    ratios = sorted(a / b - 1 for a, b in zip(took[True], took[False]))
    bench.row("import of everything with continuous backup, and without (three pairs)", f"{statistics.median(took[True]):.2f} s", f"{statistics.median(took[False]):.2f} s", f"{statistics.median(ratios):+.1%} ({ratios[0]:+.1%} to {ratios[-1]:+.1%})", "< 5 %")


def stocked(bench, sources):
    """The yardstick tenant behind a server that ships; the private half is taken elsewhere, as it should be."""
    data, target = bench.WORK / "kept", bench.WORK / "kept-target"
    for folder in (data, target): shutil.rmtree(folder, ignore_errors=True)
    bench.new_tenant(data, "kept")
    bench.import_all(data, "kept", sources)
    bench.run(bench.BIN, "backup", "--data", data, "--to", bench.WORK / "kept-archives")
    identity = bench.WORK / "kept-identity.txt"
    shutil.copy(data / "backup-identity.txt", identity)
    return data, target, identity


class Writer(threading.Thread):
    """Renames the brand, one change after the other, and remembers when each was acknowledged and how long it took."""

    def __init__(self, server, token):
        super().__init__(daemon=True)
        self.server, self.token, self.acknowledged, self.ending = server, token, [], False

    def run(self):
        number = 0
        while not self.ending:
            began = time.monotonic()
            try: self.server.ask("PATCH", "/api/brands/brand", {"name": f"Brand {number}"}, self.token)
            except (OSError, SystemExit): return
            now = time.monotonic()
            self.acknowledged.append((number, now, now - began))
            number += 1
            time.sleep(0.01)


def stall(bench, data, target):
    """The slowest of some hundred small changes while the whole tenant is backed up, and as many at rest."""
    server = bench.Server(data, shipped(target)); token = server.login("owner@kept.example")
    while not any(target.rglob("*")): time.sleep(0.1)
    time.sleep(5)
    writer = Writer(server, token); writer.start()
    time.sleep(5)
    began = time.monotonic()
    bench.run(bench.BIN, "backup", "--tenant", "kept", "--data", data, "--to", bench.WORK / "kept-archives")
    ended = time.monotonic()
    writer.ending = True; writer.join(); server.stop()
    of = lambda first, last: [took for _, at, took in writer.acknowledged if first <= at < last]
    rest, during = of(began - 5, began), of(began, ended)
    bench.row(f"a small change while its 200 MB tenant is backed up for {ended - began:.1f} s ({len(during)} changes), and at rest", f"median {statistics.median(during) * 1000:.0f} ms, worst {max(during) * 1000:.0f} ms", f"median {statistics.median(rest) * 1000:.0f} ms, worst {max(rest) * 1000:.0f} ms", aim="stall < 50 ms")


def moment(bench, data, target, identity):
    """The yardstick tenant, as it was at the newest moment that was shipped, restored beside itself."""
    env = {**bench.os.environ, **shipped(target)}
    began = time.monotonic()
    bench.run(bench.BIN, "restore", "--tenant", "kept", "--at", "latest", "--identity", identity, "--as", "again", "--data", data, env=env)
    bench.row("the yardstick tenant restored to a moment", f"{time.monotonic() - began:.1f} s", aim="< 20 s")


def lost(bench):
    """The machine dies under writes and is never seen again: what was acknowledged and is not there (RPO), and how long until the
    first dashboard from another folder that had nothing but the target and the private half (RTO)."""
    losses, waits = [], []
    for turn in range(5):
        data, target, elsewhere = (bench.WORK / name for name in ("lost", "lost-target", "found"))
        for folder in (data, target, elsewhere): shutil.rmtree(folder, ignore_errors=True)
        bench.new_tenant(data, "lost")
        bench.run(bench.BIN, "import", "--tenant", "lost", "--brand", "brand", "--data", data, bench.WORK / "small" / "shopify_orders.csv")
        bench.run(bench.BIN, "backup", "--data", data, "--to", bench.WORK / "lost-archives")
        identity = bench.WORK / "lost-identity.txt"
        shutil.copy(data / "backup-identity.txt", identity)
        server = bench.Server(data, shipped(target)); token = server.login("owner@lost.example")
        writer = Writer(server, token); writer.start()
        time.sleep(8 + 0.37 * turn)
        server.process.send_signal(signal.SIGKILL); server.process.wait()
        died = time.monotonic()
        writer.join(5)
        shutil.rmtree(data)
        env = {**bench.os.environ, **shipped(target)}
        for which in (["--instance"], ["--tenant", "lost"]):
            bench.run(bench.BIN, "restore", *which, "--at", "latest", "--identity", identity, "--data", elsewhere, env=env)
        again = bench.Server(elsewhere); token = again.login("owner@lost.example")
        bench.dashboard(again, token)
        waits.append(time.monotonic() - died)
        name = json.loads(again.get("/api/brands/brand", token)[2])["name"]
        again.stop()
        found = int(name.removeprefix("Brand ")) if name.startswith("Brand ") else -1
        missing = [at for number, at, _ in writer.acknowledged if number > found]
        losses.append(died - min(missing) if missing else 0.0)
    bench.row("the machine is lost under 60 changes/s (5 times): what was acknowledged and is gone (RPO)", f"median {statistics.median(losses):.2f} s, worst {max(losses):.2f} s", aim="a second or two")
    bench.row("… to the first dashboard elsewhere (RTO), a small tenant", f"median {statistics.median(waits):.1f} s, worst {max(waits):.1f} s")

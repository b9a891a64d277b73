#!/usr/bin/env python3
"""MLLP: does a real client send every public sample, and is nobody hurt by those who send rubbish?

The client is the package `hl7` of PyPI, which shares no code with the engine. What it hears is compared with the reviewed
snapshot of the codec; what it was promised is looked for on disk after a kill, without the engine's code.
"""
import asyncio, collections, os, re, socket, ssl, subprocess, sys, threading, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _shared import Engine, ROOT, beside, certificates, folder, free_port, in_venv, join, run, snapshot_counts

in_venv("hl7==0.4.5")
import hl7, hl7.mllp
from hl7.client import MLLPClient

CONFIG = '''
[[feed]]
name = "LIS"
kind = "mllp"
listen = "127.0.0.1:{port}"
zone = "America/Chicago"
[feed.profile]
processing = ["P", "T", "D"]
'''


def samples():
    """Each message of each file, cut at its MSH as a sender's queue would hold it."""
    home = os.path.join(ROOT, "connectors", "samples", "hl7")
    for root, _, names in sorted(os.walk(home)):
        if os.path.basename(root) == "LICENSES" or root == home:
            continue
        for name in sorted(names):
            with open(os.path.join(root, name), "rb") as file:
                body = file.read().removeprefix(b"\xef\xbb\xbf").strip()
            message = []
            for line in re.split(rb"(?<=[\r\n])", body):
                if re.match(rb"MSH(?![A-Za-z0-9])", line) and message:
                    yield b"".join(message)
                    message = []
                if not re.match(rb"(FHS|BHS|BTS|FTS)(?![A-Za-z0-9])", line):
                    message.append(line)
            if b"".join(message).strip():
                yield b"".join(message)


def code(answer):
    """Such as `AE 100`."""
    text = answer.decode("latin-1")
    fields = {line[:3]: line.split(text[3]) for line in text.split("\r") if line}
    condition = fields["ERR"][3][:3] if "ERR" in fields else ""
    return ("%s %s" % (fields["MSA"][1], condition)).strip()


def is_second(answer, before):
    """Whether an application answer follows the accept answer to the same message."""
    return code(answer)[0] == "A" and before[:1] != b"" and code(before)[0] == "C" and msa(answer)[2:3] == msa(before)[2:3]


def msa(answer):
    text = answer.decode("latin-1")
    return next(line for line in text.split("\r") if line.startswith("MSA")).split(text[3])


def answers_in(stream):
    return [part.lstrip(b"\x0b") for part in stream.split(b"\x1c\r") if part]


async def send_all(port, messages):
    """Writes on without waiting, as a client with a window does; reads until the server ends."""
    reader, writer = await hl7.mllp.open_hl7_connection("127.0.0.1", port, limit=1 << 26)
    heard = asyncio.create_task(reader.read(-1))
    for message in messages:
        writer.writeblock(message)
        await writer.drain()
    writer.write_eof()
    heard = await asyncio.wait_for(heard, 120)
    writer.close()
    return answers_in(heard)


def order(control_id, filler="F1", value="4.1", more=""):
    return ("MSH|^~\\&|LIS|STANNE|WL|STANNE|20260114075210-0600||ORU^R01|%s|P|2.5\rPID|1||12^^^A^MR\r"
            "OBR|1|9|%s|2823-3^K^LN|||20260114070000-0600|||||||||||||||20260114075000-0600|||F\r"
            "OBX|1|NM|2823-3^K^LN||%s|mmol/L|||||F\r%s" % (control_id, filler, value, more)).encode()


def the_samples(check):
    port = free_port()
    engine = Engine(CONFIG.format(port=port)).start()
    messages = list(samples())
    wanted = snapshot_counts("connectors/tests/snapshots/samples_hl7__counts.snap", "answers")
    silent = wanted.pop("none")
    began = time.time()
    answers = asyncio.run(send_all(port, messages))
    took = time.time() - began
    check.equal("messages sent", len(messages), sum(wanted.values()) + silent)
    # Enhanced mode may ask for two answers: the codec's snapshot counts the first to each message.
    firsts = [code(answer) for answer, before in zip(answers, [b""] + answers) if not is_second(answer, before)]
    check.equal("answers by code", dict(collections.Counter(firsts)), wanted)
    for answer in answers:
        parsed = hl7.parse(answer.decode("latin-1"))
        check.true("an answer that the client can read", str(parsed.segment("MSA")[1][0])[0] in "AC")
    ids = [str(hl7.parse(answer.decode("latin-1")).segment("MSH")[10]) for answer in answers]
    check.equal("control ids of answers given twice", len(ids) - len(set(ids)), 0)
    letters = collections.Counter()
    for reason, count in snapshot_counts("connectors/tests/snapshots/samples_hl7__counts.snap", "unreadable").items():
        letters[reason.split()[0]] += count
    found = {dict(labels)["reason"]: int(count) for labels, count in engine.metrics("wardline_dead_letters_total").items() if count}
    check.equal("dead letters by reason", found, dict(letters))
    # Its senders come for a moment and go: it is lost only after a connection that was kept.
    check.equal("the feed of senders that come and go is up", engine.total("wardline_feed_up", feed="lis"), 1)
    with MLLPClient("127.0.0.1", port) as client:
        heard = client.send_message(order("SIMPLE"))
        check.true("the blocking client", b"MSA|AA|SIMPLE" in heard, heard)
        check.equal("the feed is up while somebody is connected", engine.total("wardline_feed_up", feed="lis"), 1)
    check.equal("a clean stop", engine.stop(), 0)
    check.equal("verify", engine.verify()[0], 0)
    engine.clean()
    print("samples: %d messages in %.2f s, %d answers" % (len(messages), took, len(answers)))


def exchange(port, raw, timeout=40, end=True):
    """Sends bytes as they are; what comes back until the server closes, or nothing more comes."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as peer:
        try:
            peer.sendall(raw)
            if end:
                peer.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        heard = b""
        try:
            while chunk := peer.recv(65536):
                heard += chunk
        except OSError:
            pass
        return heard


def framed(message):
    return b"\x0b" + message + b"\x1c\r"


def told(check, what, heard, wanted):
    check.equal(what, [code(answer) for answer in answers_in(heard)], wanted)


def slow(port, result):
    began = time.time()
    with socket.create_connection(("127.0.0.1", port), timeout=60) as peer:
        peer.sendall(b"\x0b")
        for byte in order("SLOW"):
            try:
                peer.sendall(bytes([byte]))
                peer.settimeout(1)
                if peer.recv(1) == b"":
                    break
            except socket.timeout:
                continue
            except OSError:
                break
    result.append(time.time() - began)


def endless(port, result):
    """Claims a message of 4 GiB and sends as much of it as is taken."""
    sent = 0
    with socket.create_connection(("127.0.0.1", port), timeout=60) as peer:
        try:
            peer.sendall(b"\x0b" + order("HUGE"))
            while sent < 4 << 30:
                peer.sendall(b"x" * (1 << 20))
                sent += 1 << 20
        except OSError:
            pass
        try:
            result.append((sent, peer.recv(65536)))
        except OSError:
            result.append((sent, b""))


def good(port, stop, times, wrong):
    n = 0
    with MLLPClient("127.0.0.1", port) as client:
        while not stop.is_set():
            began = time.time()
            heard = client.send_message(order("G%d-%d" % (threading.get_ident(), n), "F%d" % n))
            times.append(time.time() - began)
            if b"MSA|AA|G" not in heard:
                wrong.append(heard)
            n += 1
            time.sleep(0.02)


def bad_input(check):
    port = free_port()
    engine = Engine(CONFIG.format(port=port)).start()
    stop, times, wrong = threading.Event(), [], []
    senders = [beside(check, good, port, stop, times, wrong) for _ in range(4)]
    time.sleep(3)
    quiet, before = sorted(times), len(times)
    slow_ends, huge_ends = [], []
    crooks = [beside(check, slow, port, slow_ends) for _ in range(20)]
    crooks += [beside(check, endless, port, huge_ends) for _ in range(4)]

    told(check, "no frame", exchange(port, b"MSH|^~\\&|no frame\r"), [])
    told(check, "no end block", exchange(port, b"\x0b" + order("CUT")), [])
    told(check, "a frame inside a frame", exchange(port, b"\x0b" + order("A") + framed(order("B"))), ["AE 207"])
    told(check, "an end mark inside", exchange(port, framed(order("A", more="NTE|1||a\x1cb\r"))), ["AE 207"])
    told(check, "no MSH", exchange(port, framed(b"PID|1\rOBR|1\r")), ["AE 100"])
    told(check, "an empty frame", exchange(port, framed(b"")), ["AE 100"])
    many = order("MANY", more="NTE|1||x\r" * 10_001)
    told(check, "more than ten thousand segments", exchange(port, framed(many)), ["AE 104"])
    for tricks in [b"MSH|||||", b"MSHA^~\\&A", b"MSH|^^^^|", b"MSH", b"MSH|^~", b"MSH\x00^~\\&\x00"]:
        heard = exchange(port, framed(tricks + b"LIS|S|W|S|2026||ORU^R01|T|P|2.5\rOBR|1\r"))
        check.true("delimiter tricks end in one negative answer: %r" % tricks,
                   [code(answer)[:2] for answer in answers_in(heard)] == ["AE"], heard)
    poison = framed(b"MSH|^~\\&|LIS|S|W|S|2026||ORU^R01|P1|P|2.5\rPID|1\r")
    told(check, "the third time unreadable bytes come", exchange(port, poison * 4), ["AE 100", "AE 100", "AA", "AA"])
    folded = b"FHS|^~\\&\rBHS|^~\\&\r" + order("B1") + order("B2") + b"BTS|2\rFTS|1\r"
    told(check, "a batch in one frame", exchange(port, framed(folded)), ["AA"])
    told(check, "several in one write, in order", exchange(port, b"".join(framed(order("O%d" % n)) for n in range(50))), ["AA"] * 50)
    peak = engine.rss_mib()
    for crook in crooks:
        join(crook, 120)
    stop.set()
    for sender in senders:
        join(sender)
    busy = sorted(times[before:])
    check.equal("wrong answers to those who behave", wrong[:1], [])
    check.true("good senders went on meanwhile", len(busy) > 100, len(busy))
    check.equal("crooks that were seen to their end", (len(slow_ends), len(huge_ends)), (20, 4))
    check.true("slow senders are closed after half a minute", all(29 <= end <= 34 for end in slow_ends), slow_ends)
    for sent, heard in huge_ends:
        check.true("an endless message is not taken", sent < 64 << 20, sent)
        check.true("and answered, where its sender still listens", heard == b"" or b"MSA|AE|HUGE" in heard, heard)
    check.true("memory is bounded: %d MiB" % peak, peak < 600, peak)
    p99 = lambda list: list[int(len(list) * 0.99)] * 1000
    check.true("other senders stay fast", p99(busy) < max(250, 5 * p99(quiet)), (p99(quiet), p99(busy)))
    refusals = {dict(labels)["reason"]: int(n) for labels, n in engine.metrics("wardline_feed_refusals_total").items()}
    check.true("refusals are counted by reason", refusals.get("slow_frame") == 20 and refusals.get("too_long") == 4, refusals)
    check.equal("a clean stop", engine.stop(), 0)
    check.equal("verify", engine.verify()[0], 0)
    engine.clean()
    print("bad input: p99 of good senders %.1f ms alone, %.1f ms among 24 crooks; RSS %d MiB" % (p99(quiet), p99(busy), peak))


def pump(port, acked, counter, stop):
    """Keeps a window of messages in flight; believes an answer only when it was read to its end."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as peer:
            heard = b""
            while not stop.is_set():
                batch = b""
                for _ in range(20):
                    counter[0] += 1
                    batch += framed(order("W%dW" % counter[0], "F%d" % counter[0]))
                peer.sendall(batch)
                waiting = 20
                while waiting:
                    chunk = peer.recv(65536)
                    if not chunk:
                        return
                    heard += chunk
                    *done, heard = heard.split(b"\x1c\r")
                    for answer in done:
                        acked.update(re.findall(rb"MSA\|AA\|(W\d+W)", answer))
                    waiting -= len(done)
    except OSError:
        return


def kills(check, rounds=6):
    port = free_port()
    engine = Engine(CONFIG.format(port=port))
    acked, counter = set(), [0]
    for number in range(rounds):
        engine.start()
        stop = threading.Event()
        sender = beside(check, pump, port, acked, counter, stop)
        time.sleep(0.3 + 0.17 * number)
        engine.kill()
        stop.set()
        join(sender)
    engine.start()
    disk = engine.disk()
    lost = [control_id for control_id in acked if control_id + b".1" not in disk]
    check.true("messages were acknowledged between kills", len(acked) > 200, len(acked))
    check.equal("acknowledged and not on disk", lost[:3], [])
    check.equal("a clean stop", engine.stop(), 0)
    check.equal("verify", engine.verify()[0], 0)
    engine.clean()
    print("kills: %d rounds, %d acknowledged, %d lost" % (rounds, len(acked), len(lost)))


def rate(check):
    """Pipelining: a sender with a window is not bound to one sync a message."""
    port = free_port()
    engine = Engine(CONFIG.format(port=port)).start()
    with MLLPClient("127.0.0.1", port) as client:
        began = time.time()
        for n in range(300):
            client.send_message(order("L%d" % n, "L%d" % n))
        lockstep = 300 / (time.time() - began)
    began = time.time()
    answers = asyncio.run(send_all(port, [order("N%d" % n, "N%d" % n) for n in range(3000)]))
    window = 3000 / (time.time() - began)
    check.equal("answers in the order of messages", [re.search(rb"MSA\|AA\|(N\d+)", a).group(1) for a in answers], [b"N%d" % n for n in range(3000)])
    check.true("a window pays", window > 2 * lockstep, (lockstep, window))
    engine.stop()
    engine.clean()
    print("rate of one connection: %.0f/s one at a time, %.0f/s with a window (debug build)" % (lockstep, window))


TLS = '''
[[feed]]
name = "LIS"
kind = "mllp"
listen = "0.0.0.0:{port}"
peers = ["127.0.0.0/8"]
tls = {{ certificate = "tls/server.pem", key = "file:tls/server.key", clients = "tls/ca.pem" }}
'''


def secured(check):
    """TLS 1.3 with a certificate for every sender; anything less is refused before a message is read."""
    home, port = folder("tls"), free_port()
    certificates(home)
    engine = Engine(TLS.format(port=port))
    for name in ("server.pem", "server.key", "ca.pem"):
        with open(os.path.join(home, name)) as file:
            engine.write("tls/" + name, file.read())
    engine.start()

    def told(certificate, version=None):
        context = ssl.create_default_context(cafile=os.path.join(home, "ca.pem"))
        if version:
            context.maximum_version = version
        if certificate:
            context.load_cert_chain(os.path.join(home, certificate + ".pem"), os.path.join(home, certificate + ".key"))
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as plain, context.wrap_socket(plain, server_hostname="localhost") as peer:
                peer.sendall(framed(order("TLS")))
                return peer.recv(65536)
        except (ssl.SSLError, OSError):
            return b""

    check.true("a sender with a certificate of ours", b"MSA|AA|TLS" in told("sender"))
    check.equal("a sender without one", told(None), b"")
    check.equal("a sender of another authority", told("stranger"), b"")
    check.equal("a sender that speaks TLS 1.2", told("sender", ssl.TLSVersion.TLSv1_2), b"")
    check.true("a sender in the clear", b"MSA" not in exchange(port, framed(order("CLEAR"))))
    check.true("refusals are counted", engine.total("wardline_feed_refusals_total", feed="lis", reason="tls") >= 3)
    engine.stop()
    engine.clean()
    print("TLS: mutual, 1.3 alone")


def main(check):
    the_samples(check)
    secured(check)
    rate(check)
    kills(check)
    bad_input(check)


if __name__ == "__main__":
    run(main, minutes=10)

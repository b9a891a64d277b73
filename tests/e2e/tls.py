#!/usr/bin/env python3
"""TLS: is the API read by nobody else, and does it stay shut when its certificate cannot be used? [S1-13]

Certificates are made by openssl, the other side is Python's ssl and openssl's own client: neither is rustls.
"""
import hashlib, json, os, re, shutil, socket, ssl, subprocess, sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _shared import Engine, ask, certificates, folder, run, until, wardline

KEY = "a key of thirty-two letters or so"
CONFIG = '''plaintext = false
tls = {{ certificate = "tls/server.pem", key = "file:tls/server.key"{clients} }}
[sql]
enabled = false
[[key]]
name = "all"
sha256 = "{sha256}"
roles = ["ingest", "analyst", "admin", "metrics", "answer"]
feeds = ["*"]
'''


def config(clients=""):
    return CONFIG.format(clients=clients, sha256=hashlib.sha256(KEY.encode()).hexdigest())


def context(home, version=None, certificate=None):
    made = ssl.create_default_context(cafile=os.path.join(home, "ca.pem"))
    if version:
        made.minimum_version = made.maximum_version = version
    if certificate:
        made.load_cert_chain(os.path.join(home, certificate + ".pem"), os.path.join(home, certificate + ".key"))
    return made


def secured(home, engine):
    def text(name):
        with open(os.path.join(home, name)) as file:
            return file.read()
    # The chain as an authority hands it out: ours, then its own.
    engine.write("tls/server.pem", text("server.pem") + text("ca.pem"))
    engine.write("tls/server.key", text("server.key"))
    engine.write("tls/ca.pem", text("ca.pem"))


def status(port, tls, path="/health/live"):
    """The status, or why there is none."""
    try:
        return ask(port, "GET", path, headers={"authorization": "Bearer " + KEY}, timeout=10, tls=tls)[0]
    except (OSError, ssl.SSLError, ValueError) as error:
        return type(error).__name__
    except Exception as error:  # http.client's own
        return type(error).__name__


def in_the_clear(port, bytes_sent):
    """What a listener says to somebody who speaks no TLS."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        plain.sendall(bytes_sent)
        said = b""
        try:
            while part := plain.recv(65536):
                said += part
        except OSError:
            pass
        return said


def who_is_let_in(check, home, engine):
    trusting = context(home)
    for port in (engine.api, engine.admin):
        check.equal("a client that trusts the authority", status(port, trusting), 200)
        with socket.create_connection(("127.0.0.1", port)) as plain, trusting.wrap_socket(plain, server_hostname="127.0.0.1") as peer:
            check.equal("the version", peer.version(), "TLSv1.3")
        check.true("a client that speaks TLS 1.2", status(port, context(home, ssl.TLSVersion.TLSv1_2)) not in (200, 401))
        check.true("a client that trusts another authority", status(port, ssl.create_default_context(cafile=os.path.join(home, "foreign.pem"))) not in (200, 401))
        said = in_the_clear(port, b"GET /health/live HTTP/1.1\r\nhost: w\r\n\r\n")
        check.true("a client in the clear hears no HTTP", b"HTTP" not in said and b"live" not in said, said)
    done = subprocess.run(["openssl", "s_client", "-connect", "127.0.0.1:%d" % engine.api, "-tls1_2", "-CAfile", os.path.join(home, "ca.pem")],
                          input="", capture_output=True, text=True, timeout=30)
    check.true("openssl cannot go down to TLS 1.2", done.returncode != 0 and "Cipher is (NONE)" in done.stdout, done.stdout[-300:])
    # Whoever says nothing, or half a greeting, holds no place for long and stops nobody.
    silent = [socket.create_connection(("127.0.0.1", engine.api)) for _ in range(20)]
    silent[0].sendall(b"\x16\x03\x01")
    check.equal("beside twenty silent connections", status(engine.api, trusting), 200)
    check.true("which are closed", until(lambda: all(is_closed(one) for one in silent), 15))


def is_closed(connection):
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def verbs(check, home, engine):
    engine.write("key", KEY)
    url, authority = "https://localhost:%d" % engine.api, os.path.join(home, "ca.pem")
    more = ["--url", url, "--key-file", engine.path("key")]
    code, out, err = wardline("silence", "--list", *more, "--authority", authority)
    check.equal("a verb asks over TLS", (code, err), (0, ""))
    code, out, err = wardline("silence", "--list", *more)
    check.true("and refuses an engine whose authority it does not know", code == 3 and "WL" in err, (code, out, err))
    code, out, err = wardline("silence", "--list", "--url", "http://localhost:%d" % engine.api, "--key-file", engine.path("key"))
    check.equal("and hears nothing in the clear", code, 3)


def doctor(engine):
    done = wardline("doctor", "--config", engine.path("wardline.toml"), "--key-file", engine.path("key"), "--format", "json")
    return {check["name"]: check for check in json.loads(done[1])["checks"]}


def renewal(check, home, engine):
    """A new certificate counts without a restart; one that cannot be used changes nothing."""
    def serial():
        with socket.create_connection(("127.0.0.1", engine.api)) as plain, context(home).wrap_socket(plain, server_hostname="localhost") as peer:
            return peer.getpeercert()["serialNumber"]
    before = serial()
    found = doctor(engine)
    check.true("doctor says that the certificate ends soon", "ends at" in str(found["certificates"]["cause"]), found["certificates"])
    check.true("and names no plaintext listener", found["plaintext listeners"]["ok"])
    check.true("and asks the engine over TLS", "no engine answers" not in json.dumps(found.get("running engine", {})), found.get("running engine"))
    engine.write("tls/server.key", "no key")
    check.true("a key that is none is told of", until(lambda: "the certificate from before is shown on" in engine.log(), 10))
    check.equal("and the old certificate is shown on", serial(), before)
    fresh = folder("tls-fresh")
    certificates(fresh, days=90, authority=home)
    secured(fresh, engine)
    check.true("new files count at the next connection", until(lambda: serial() != before, 10))
    check.true("doctor is content with 90 days", doctor(engine)["certificates"]["ok"])


def refusals(check, home):
    """What cannot be secured is not served: exit 2, and no port is open."""
    engine = Engine(config())
    cases = [("no certificate", {"server.key"}, "cannot read"), ("a key that others may read", {"server.pem", "open"}, "WL1108"),
             ("a key of another pair", {"server.pem", "foreign"}, "do not belong together")]
    for name, has, word in cases:
        shutil.rmtree(engine.path("tls"), ignore_errors=True)
        secured(home, engine)
        if "server.pem" not in has:
            os.remove(engine.path("tls", "server.pem"))
        if "open" in has:
            os.chmod(engine.path("tls", "server.key"), 0o644)
        if "foreign" in has:
            with open(os.path.join(home, "stranger.key")) as file:
                engine.write("tls/server.key", file.read())
        code, out, err = wardline("run", "--config", engine.path("wardline.toml"))
        check.true("with %s it does not start" % name, code == 2 and (word in err or re.search(r"WL\d+", err) and word.startswith("WL")), (code, err[-400:]))
    open_to_all = config().replace("plaintext = false\ntls = { certificate = \"tls/server.pem\", key = \"file:tls/server.key\" }\n", "")
    engine.configure(open_to_all)
    with open(engine.path("wardline.toml")) as file:
        text = file.read()
    engine.write("wardline.toml", text.replace('listen = "127.0.0.1:%d"' % engine.api, 'listen = "0.0.0.0:%d"' % engine.api))
    code, out, err = wardline("run", "--config", engine.path("wardline.toml"))
    check.true("plain HTTP beyond this machine is refused", code == 2 and "WL1111" in err, (code, err[-400:]))
    engine.clean()


def admin_clients(check, home):
    engine = Engine(config(', admin_clients = "tls/ca.pem"'))
    secured(home, engine)
    engine.tls = context(home)
    engine.start()
    check.equal("metrics to who shows a certificate of ours", status(engine.admin, context(home, certificate="sender"), "/metrics"), 200)
    check.true("not to who shows none", status(engine.admin, context(home), "/metrics") not in (200, 401))
    check.true("not to a stranger", status(engine.admin, context(home, certificate="stranger"), "/metrics") not in (200, 401))
    check.equal("the API asks for none", status(engine.api, context(home)), 200)
    check.equal("a clean stop ends with 0", engine.stop(), 0)
    engine.clean()


def main(check):
    home = folder("tls")
    certificates(home)
    engine = Engine(config())
    secured(home, engine)
    engine.tls = context(home)
    engine.start()
    who_is_let_in(check, home, engine)
    verbs(check, home, engine)
    renewal(check, home, engine)
    check.equal("a clean stop ends with 0", engine.stop(), 0)
    engine.clean()
    refusals(check, home)
    admin_clients(check, home)


if __name__ == "__main__":
    run(main, minutes=4)

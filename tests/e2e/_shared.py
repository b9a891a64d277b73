"""What the end-to-end scripts share: the binary, ports, packages from PyPI, folders, engines, deadlines, checks and the result line.

Environment, with one meaning in every script:
  WARDLINE_BIN    the binary that is tried; else target/debug/wardline
  WARDLINE_KEEP   if it is set, folders stay where they are, for looking into them after a failure

A script is `run(main, minutes)`: it ends in that time, and whatever it started or made is gone when it ends.
"""
import argparse, atexit, collections, faulthandler, fcntl, hashlib, http.client, os, re, shutil, signal, socket, subprocess, sys, tempfile, threading, time, traceback

BIN = os.path.abspath(os.environ.get("WARDLINE_BIN", "target/debug/wardline"))
KEEP = "WARDLINE_KEEP" in os.environ
ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache"), "wardline")


def options(text, **defaults):
    """What the command line says: `--name VALUE` for each default."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in defaults.items():
        parser.add_argument("--" + name, type=type(default), default=default)
    return parser.parse_args()


def in_venv(*packages):
    """Runs this script again with these packages of PyPI, in an environment that is kept between runs."""
    home = os.path.join(CACHE, "venv-" + hashlib.sha256(" ".join(packages).encode()).hexdigest()[:16])
    if os.path.realpath(sys.prefix) == os.path.realpath(home):
        return
    python = os.path.join(home, "bin", "python3")
    os.makedirs(CACHE, exist_ok=True)
    # Another run may be making it.
    with open(home + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(os.path.join(home, "complete")):
            shutil.rmtree(home, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", home], check=True, timeout=120)
            subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], check=True, timeout=600)
            open(os.path.join(home, "complete"), "w").close()
    os.execv(python, [python, *sys.argv])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# ---- an end, whatever happens ---------------------------------------------------------------------------------------

STARTED, FOLDERS, ENGINES = [], [], []
# The ends of the logs of the last engines.
LOGS = collections.deque(maxlen=3)


def spawn(command, **how):
    """A process that is gone when the script ends."""
    process = subprocess.Popen(command, **how)
    STARTED.append(process)
    return process


def end(process):
    """Kills a process, a stopped one too, and waits for it."""
    if process.poll() is None:
        process.kill()
    process.wait(timeout=30)
    if process in STARTED:
        STARTED.remove(process)


def folder(name):
    """A folder that is gone when the script ends."""
    path = tempfile.mkdtemp(prefix="wardline-%s-" % name)
    FOLDERS.append(path)
    return path


def clean():
    """Ends what was started and removes what was made."""
    for engine in list(ENGINES):
        engine.clean()
    for process in list(STARTED):
        end(process)
    while FOLDERS:
        remove(FOLDERS.pop())


def remove(path):
    if KEEP:
        print("kept:", path)
    else:
        shutil.rmtree(path, ignore_errors=True)


def beside(check, work, *args):
    """Runs work in a thread that does not outlive the script; what goes wrong in it is a failed check."""
    def guarded():
        try:
            work(*args)
        except Exception as error:
            check.true("%s runs to its end" % work.__name__, False, repr(error))

    thread = threading.Thread(target=guarded, daemon=True)
    thread.start()
    return thread


def join(thread, seconds=60):
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError("a thread goes on after %d s" % seconds)


def until(condition, seconds=30, every=0.1):
    """Waits for a condition; whether it came."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if condition():
            return True
        time.sleep(every)
    return condition()


def run(main, minutes):
    """Gives `main` its checks, and ends the process with the result line: 0 if all hold, 1 if not or if time is over."""
    check = Checks()

    def break_off(why):
        faulthandler.dump_traceback(all_threads=True)
        check.true("the script comes to its end", False, why)
        clean()
        check.end()
        sys.stdout.flush()
        os._exit(1)

    atexit.register(clean)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _: break_off("signal %d" % number))
    timer = threading.Timer(minutes * 60, break_off, ["it took longer than %g minutes" % minutes])
    timer.daemon = True
    timer.start()
    try:
        main(check)
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        check.true("the script comes to its end", False, repr(error))
    timer.cancel()
    clean()
    sys.exit(check.end())


# ---- an engine ------------------------------------------------------------------------------------------------------

WARD = '''ward "End to end" edition 1
  zone      America/Chicago
  uses      pack "starter"

alert "Critical potassium"
  policy    "K-1", owner "Tests", review by 2099-12-31
  when      a lab result is verified
  where     test is potassium and value is above 6.5 mmol/L
  missing   test, value: do not match
  severity  red
  page      using "Call"

escalation "Call"
  step 1    page desk "Operations" by phone, wait 60 minutes
  then      task for desk "Operations"
'''

HEAD = '''ward = "test.ward"
data = "{data}"
{top}[http]
listen = "127.0.0.1:{api}"
admin = "127.0.0.1:{admin}"
'''

SQL = '''[sql]
listen = "127.0.0.1:{}"
postgres = "127.0.0.1:{}"
'''

DIRECTORY = "role_or_token,authority,id,channel,address,licence,from,until\n"


def ask(port, method, path, body=None, headers=None, timeout=30, tls=None):
    """One request on a connection of its own: status, body, headers with names in lower case. `tls`: an SSL context, for HTTPS."""
    if tls:
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=timeout, context=tls)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, text, {name.lower(): value for name, value in answer.getheaders()}
    finally:
        connection.close()


def wardline(*args, **how):
    """Runs a verb: exit code, stdout, stderr."""
    done = subprocess.run([BIN, *args], capture_output=True, text=True, timeout=120, **how)
    return done.returncode, done.stdout, done.stderr


class Engine:
    """An installation in a folder of its own, and the process that runs it.

    `listens`: ports beside that of the API that must be ready before it counts as started.
    """

    def __init__(self, config="", ward=WARD, directory="", files=(), listens=()):
        self.folder = folder("engine")
        ENGINES.append(self)
        self.api, self.admin, self.listens = free_port(), free_port(), listens
        self.process = self.tls = None
        self.write("test.ward", ward)
        self.configure(config)
        self.write("directory.csv", DIRECTORY + directory)
        for name, text in files:
            self.write(name, text)

    def configure(self, config, data="data", top=""):
        """Writes `wardline.toml`; `top` is what stands before its first table. SQL is on, as it is by default, on ports of its own."""
        sql = "" if "[sql]" in config else SQL.format(free_port(), free_port())
        self.write("wardline.toml", HEAD.format(api=self.api, admin=self.admin, data=data, top=top) + sql + config)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb" if isinstance(text, bytes) else "w") as file:
            file.write(text)
        os.chmod(path, 0o600)

    def start(self, *flags, seconds=60):
        with open(self.path("engine.log"), "ab") as log:
            # From another folder, as people do: what the file names counts from where the file is.
            above, name = os.path.split(self.folder)
            config = os.path.join(name, "wardline.toml")
            self.process = spawn([BIN, "run", "--config", config, *flags], cwd=above, stdout=log, stderr=log)
        limit = time.monotonic() + seconds
        for port in (self.api, *self.listens):
            if not until(lambda: self.process.poll() is not None or is_ready(port, self.tls), limit - time.monotonic(), 0.02) or self.process.poll() is not None:
                raise SystemExit("the engine did not come up:\n" + self.log()[-3000:])
        return self

    def get(self, path, port=None):
        return ask(port or self.api, "GET", path, tls=self.tls)[:2]

    def post(self, path, body, kind="application/json", **headers):
        return ask(self.api, "POST", path, body, {"content-type": kind, **headers}, tls=self.tls)[:2]

    def metrics(self, name):
        """Every child of a metric: its labels and its value."""
        found = {}
        for line in self.get("/metrics", self.admin)[1].decode().splitlines():
            match = re.match(r"%s(?:\{(.*)\})? (\S+)$" % re.escape(name), line)
            if match:
                found[tuple(re.findall(r'(\w+)="([^"]*)"', match.group(1) or ""))] = float(match.group(2))
        return found

    def total(self, name, **labels):
        wanted = set(labels.items())
        return sum(value for found, value in self.metrics(name).items() if wanted <= set(found))

    def rss_mib(self):
        with open("/proc/%d/status" % self.process.pid) as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) / 1024

    def log(self):
        with open(self.path("engine.log"), errors="replace") as log:
            return log.read()

    def disk(self):
        """All bytes of the log's segments, read without the engine's code."""
        home = self.path("data", "log", "p000")
        segments = []
        for name in sorted(os.listdir(home)):
            if name.endswith(".wlog"):
                with open(os.path.join(home, name), "rb") as file:
                    segments.append(file.read())
        return b"".join(segments)

    def kill(self):
        end(self.process)

    def stop(self):
        """Asks it to end; its exit code."""
        self.process.terminate()
        code = self.process.wait(timeout=60)
        end(self.process)
        return code

    def verify(self):
        code, out, err = wardline("verify", "--data", self.path("data"))
        return code, out + err

    def clean(self):
        """Ends it and removes its folder; the script's end does it for those that were not."""
        ENGINES.remove(self)
        if self.process:
            end(self.process)
            said = self.log()
            panics = re.findall(r"panicked at [^\n]*\n[^\n]*", said)
            LOGS.append("\n".join(panics) + said[-3000:])
        FOLDERS.remove(self.folder)
        remove(self.folder)


def is_ready(port, tls=None):
    try:
        return ask(port, "GET", "/health/ready", timeout=5, tls=tls)[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def certificates(home, days=2, authority=None):
    """NAME.pem and NAME.key in `home`: two authorities (`ca`, `foreign`), a server and a sender of the one, a stranger of the other.

    `authority`: a folder that has both authorities already.
    """
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=home, check=True, capture_output=True, timeout=60)
    for name in ("ca", "foreign"):
        if authority:
            shutil.copy(os.path.join(authority, name + ".pem"), home)
            shutil.copy(os.path.join(authority, name + ".key"), home)
        else:
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", str(days),
                    "-keyout", name + ".key", "-out", name + ".pem", "-subj", "/CN=" + name)
    with open(os.path.join(home, "names"), "w") as file:
        file.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    for name, authority in (("server", "ca"), ("sender", "ca"), ("stranger", "foreign")):
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", name + ".key",
                "-out", name + ".csr", "-subj", "/CN=" + name)
        openssl("x509", "-req", "-in", name + ".csr", "-CA", authority + ".pem", "-CAkey", authority + ".key",
                "-CAcreateserial", "-days", str(days), "-extfile", "names", "-out", name + ".pem")


# ---- what was checked -----------------------------------------------------------------------------------------------

class Checks:
    """What was checked; the last lines say what failed, and how many of each there were."""

    def __init__(self):
        self.failed, self.passed, self.rows = [], 0, []

    def true(self, what, fact, seen=""):
        if fact:
            self.passed += 1
        else:
            self.failed.append("%s%s" % (what, ": %s" % str(seen)[:1500] if seen != "" else ""))

    def equal(self, what, found, wanted):
        self.true(what, found == wanted, "%r, not %r" % (found, wanted))

    def all_there(self, what, of, missing):
        """One line of a table: how many were asked for, and which of them are not there."""
        missing = sorted(missing)
        self.rows.append("%-62s %9d %8d" % (what, of, len(missing)))
        self.true(what, of > 0 and not missing, "of %d, %d are missing: %s" % (of, len(missing), missing[:5]))

    def end(self):
        if self.rows:
            print("%-62s %9s %8s" % ("", "checked", "missing"), *self.rows, sep="\n")
        if self.failed:
            for log in LOGS:
                print("---- the end of an engine's log\n" + log)
        for failure in self.failed:
            print("FAILED:", failure)
        # In the words of cargo's harness, so that tests/run counts them.
        print("test result: %s. %d passed; %d failed" % ("FAILED" if self.failed else "ok", self.passed, len(self.failed)))
        return 1 if self.failed else 0


def snapshot_counts(path, section):
    """The counts of one section of a codec's reviewed snapshot."""
    with open(os.path.join(ROOT, path)) as file:
        text = file.read()
    block = re.search(r'"%s",\s*\{(.*?)\n        \}' % section, text, re.S).group(1)
    return {name: int(count) for name, count in re.findall(r'"([^"]+)": (\d+)', block)}

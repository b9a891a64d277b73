"""What the end-to-end scripts share: free ports, packages from PyPI, an installation in a folder, an engine that runs in it."""
import atexit, hashlib, http.client, os, re, shutil, signal, socket, subprocess, sys, tempfile, time, urllib.request

BIN = os.path.abspath(os.environ.get("WARDLINE_BIN", "target/debug/wardline"))
ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache"), "wardline")


def in_venv(*packages):
    """Runs this script again with these packages of PyPI, in an environment that is kept between runs."""
    if os.environ.get("WARDLINE_VENV") == "1":
        return
    home = os.path.join(CACHE, "venv-" + hashlib.sha256(" ".join(packages).encode()).hexdigest()[:16])
    python = os.path.join(home, "bin", "python3")
    if not os.path.exists(os.path.join(home, "complete")):
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], check=True)
        open(os.path.join(home, "complete"), "w").close()
    os.environ["WARDLINE_VENV"] = "1"
    os.environ["WARDLINE_VENV_BIN"] = os.path.join(home, "bin")
    os.execv(python, [python, *sys.argv])


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


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
data = "data"
[http]
listen = "127.0.0.1:{api}"
admin = "127.0.0.1:{admin}"
'''

DIRECTORY = "role_or_token,authority,id,channel,address,licence,from,until\n"


class Engine:
    """An installation of its own, and the process in it."""

    def __init__(self, config, ward=WARD, directory="", files=()):
        self.folder = tempfile.mkdtemp(prefix="wardline-e2e-")
        os.chmod(self.folder, 0o700)
        # A script that breaks off leaves no engine behind.
        atexit.register(self.clean)
        self.api, self.admin = free_port(), free_port()
        self.process = None
        self.write("test.ward", ward)
        self.write("wardline.toml", HEAD.format(api=self.api, admin=self.admin) + config)
        self.write("directory.csv", DIRECTORY + directory)
        for name, text in files:
            self.write(name, text)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb" if isinstance(text, bytes) else "w") as file:
            file.write(text)
        os.chmod(path, 0o600)

    def start(self, seconds=30):
        with open(os.path.join(self.folder, "engine.log"), "ab") as log:
            self.process = subprocess.Popen([BIN, "run", "--config", "wardline.toml"], cwd=self.folder, stdout=log, stderr=log)
        until = time.time() + seconds
        while time.time() < until:
            if self.process.poll() is not None:
                break
            try:
                if self.get("/health/ready")[0] == 200:
                    return self
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.05)
        raise SystemExit("the engine did not come up:\n" + self.log()[-3000:])

    def get(self, path, port=None):
        connection = http.client.HTTPConnection("127.0.0.1", port or self.api, timeout=5)
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, text

    def post(self, path, body, kind="application/json", timeout=30):
        connection = http.client.HTTPConnection("127.0.0.1", self.api, timeout=timeout)
        connection.request("POST", path, body, {"content-type": kind})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, text

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
        with open(os.path.join(self.folder, "engine.log"), errors="replace") as log:
            return log.read()

    def disk(self):
        """All bytes of the log's segments, read without the engine's code."""
        folder = os.path.join(self.folder, "data", "log", "p000")
        names = [name for name in sorted(os.listdir(folder)) if name.endswith(".wlog")]
        return b"".join(open(os.path.join(folder, name), "rb").read() for name in names)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def verify(self):
        done = subprocess.run([BIN, "verify", "--data", os.path.join(self.folder, "data")], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def clean(self):
        if self.process and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class Checks:
    """What was checked; the last lines say what failed."""

    def __init__(self):
        self.failed = []
        self.passed = 0

    def equal(self, what, found, wanted):
        if found == wanted:
            self.passed += 1
        else:
            self.failed.append("%s: %r, not %r" % (what, found, wanted))

    def true(self, what, fact, seen=""):
        if fact:
            self.passed += 1
        else:
            self.failed.append("%s%s" % (what, ": %s" % (seen,) if seen != "" else ""))

    def end(self):
        print("%d checks passed, %d failed" % (self.passed, len(self.failed)))
        for failure in self.failed:
            print("FAILED:", failure)
        return 1 if self.failed else 0


def until(condition, seconds=30, every=0.1):
    """Waits for a condition; whether it came."""
    limit = time.time() + seconds
    while time.time() < limit:
        if condition():
            return True
        time.sleep(every)
    return condition()


def snapshot_counts(path, section):
    """The counts of one section of a codec's reviewed snapshot."""
    with open(os.path.join(ROOT, path)) as file:
        text = file.read()
    block = re.search(r'"%s",\s*\{(.*?)\n        \}' % section, text, re.S).group(1)
    return {name: int(count) for name, count in re.findall(r'"([^"]+)": (\d+)', block)}

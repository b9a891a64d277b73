#!/usr/bin/env python3
"""Channels: does a red alert walk from a text message that fails to a call to a mail, in the order and at the times that the
ward says, and does each kind of channel bring one real page?

  providers      HTTP on loopback: Twilio's, Slack's, Teams', PagerDuty's and FHIR's paths, written down as they come
  mail           aiosmtpd, with STARTTLS by a certificate of its own authority, and a login
  alertmanager   Debian's, asked what it holds
  nats           Debian's server with a stream, read back
"""
import asyncio, base64, collections, hashlib, hmac, http.client, http.server, json, os, re, ssl, subprocess, sys, threading, time, urllib.parse, urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from _shared import Engine, folder, free_port, in_venv, run, spawn, until, wardline

in_venv("aiosmtpd==1.4.6", "nats-py==2.11.0")
# Other scripts have the names of the packages that this one needs.
sys.path = [path for path in sys.path if os.path.abspath(path or ".") != os.path.dirname(os.path.abspath(__file__))]
import nats
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

TOKEN, ROUTING = "token-of-the-account-s3cret", "0123456789abcdef0123456789abcdef"
PASSWORD, CHAT = "s3cret-password", "s3cret-chat-path"
SECRETS = [TOKEN, ROUTING, PASSWORD, CHAT]
# Who must be named in nothing that leaves.
MARKERS = ["ZZMRN4711", "ZZVISIT0815", "ZZFILL"]
WAIT = 12
MESSAGES, TAKEN = "/provider/2010-04-01/Accounts/AC1/Messages.json", (201, '{"status":"queued"}')

WARD = '''ward "Channels" edition 1
  zone      America/Chicago
  uses      pack "starter"

desk "Night"

alert "Critical potassium"
  policy    "K-1", owner "Tests", review by 2099-12-31
  when      a lab result is verified
  where     test is potassium and value is above 6.5 mmol/L
  missing   test, value: do not match
  severity  red
  page      using "Call"

escalation "Call"
  step 1    page desk "Night" by sms, otherwise phone, wait {wait} seconds
  step 2    page desk "Operations" by email, wait {wait} seconds
  then      task for desk "Operations"
  answered  by anyone paged, with read-back of value, with code

alert "Creatinine"
  policy    "K-2", owner "Tests", review by 2099-12-31
  when      a lab result is verified
  where     test is creatinine and value is above 5.0 mg/dL
  missing   test, value: do not match
  severity  orange
  page      using "Text"

escalation "Text"
  step 1    page desk "Night" by sms, wait 60 minutes
  then      task for desk "Operations"

alert "Lactate"
  policy    "K-3", owner "Tests", review by 2099-12-31
  when      a lab result is verified
  where     test is lactate and value is above 4.0 mmol/L
  missing   test, value: do not match
  severity  red
  page      using "Short"

escalation "Short"
  step 1    page desk "Night" by letter, wait 3 seconds
  then      task for desk "Operations"

alert "Everywhere"
  policy    "K-4", owner "Tests", review by 2099-12-31
  when      a lab result is verified
  where     test is troponin and value is above 10 ng/L
  missing   test, value: do not match
  severity  yellow
'''.replace("{wait}", str(WAIT))


def tells(*channels):
    return WARD + "".join('  tell      desk "Operations" by %s\n' % channel for channel in channels)


FEED = '''
[sql]
enabled = false
[[feed]]
name = "lis"
kind = "http"
[[channel]]
name = "default"
'''

FIRST = FEED + '''
sms = {{ kind = "twilio", url = "http://127.0.0.1:{web}/provider", account = "AC1", token = "file:twilio", from = "+15555550100" }}
phone = {{ kind = "twilio-voice", url = "http://127.0.0.1:{web}/provider", account = "AC1", token = "file:twilio", from = "+15555550100" }}
email = {{ kind = "smtp", host = "localhost", port = {smtp}, inside = true, from = "Wardline <wardline@example.org>", user = "wardline", password = "file:mail" }}
secure_message = {{ kind = "slack", url = "file:slack" }}
app = {{ kind = "teams", url = "file:teams" }}
pager = {{ kind = "pagerduty", url = "http://127.0.0.1:{web}/pagerduty", token = "file:pagerduty" }}
inbox = {{ kind = "fhir-communication", url = "http://127.0.0.1:{web}/fhir", token = "file:twilio", class = "keyed" }}
worklist = {{ kind = "fhir-task", url = "http://127.0.0.1:{web}/fhir", class = "keyed" }}
letter = {{ kind = "file", path = "letters.ndjson" }}
'''

SECOND = FEED + '''
secure_message = {{ kind = "webhook", url = "http://127.0.0.1:{web}/hook", secret = "file:twilio", class = "keyed" }}
app = {{ kind = "nats", url = "nats://127.0.0.1:{nats}", subject = "wardline.notices", class = "keyed" }}
inbox = {{ kind = "alertmanager", url = "http://127.0.0.1:{alertmanager}" }}
'''

DIRECTORY = "Night,,,sms,+1 555 555 0111,,,\nNight,,,phone,+1 555 555 0112,,,\nNight,,,letter,Ward 3,,,\n" + "".join(
    "Operations,,,%s,%s,,,\n" % (channel, "ops@example.org" if channel == "email" else "Practitioner/7")
    for channel in ("email", "secure message", "app", "pager", "inbox", "worklist"))

Heard = collections.namedtuple("Heard", "at path headers body")


class Providers:
    """An HTTP server that writes down every request; paths that begin with a known word are answered as told."""

    def __init__(self):
        self.heard, self.answers = [], {MESSAGES: TAKEN, "/provider": TAKEN, "/pagerduty": (202, '{"status":"success"}'),
                                        "/fhir": (201, "{}"), "/hook": (204, ""), "/slack": (200, "ok"), "/teams": (202, "")}
        outer = self

        class Answers(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
                outer.heard.append(Heard(time.monotonic(), self.path, {name.lower(): text for name, text in self.headers.items()}, body))
                status, text = next(answer for word, answer in outer.answers.items() if self.path.startswith(word))
                self.send_response(status)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def of(self, word):
        return [heard for heard in self.heard if word in heard.path]

    def first(self, word, text="", seconds=15):
        """The first request to a path with this word that says this text; desks hear of tasks on all their channels too."""
        found = lambda: [heard for heard in self.of(word) if text in heard.body]
        until(found, seconds, 0.02)
        return found()[0] if found() else None


class Mails:
    """aiosmtpd, with TLS and a login."""

    def __init__(self):
        self.home, self.heard, self.logins = folder("mail"), [], []
        openssl = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        authority, key = os.path.join(self.home, "ca.pem"), os.path.join(self.home, "ca.key")
        quiet = {"check": True, "timeout": 60, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([*openssl, "-keyout", key, "-out", authority, "-subj", "/CN=Test authority"], **quiet)
        subprocess.run([*openssl, "-keyout", self.path("key"), "-out", self.path("crt"), "-subj", "/CN=localhost", "-CA", authority, "-CAkey", key,
                        "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"], **quiet)
        self.authority = authority
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.path("crt"), self.path("key"))
        self.controller = Controller(self, hostname="127.0.0.1", port=free_port(), tls_context=context, require_starttls=True,
                                     auth_required=True, auth_require_tls=True, authenticator=self.authenticate)
        self.controller.start()
        self.port = self.controller.port

    def path(self, name):
        return os.path.join(self.home, name)

    def authenticate(self, server, session, envelope, mechanism, login):
        self.logins.append(login.password == PASSWORD.encode())
        return AuthResult(success=self.logins[-1])

    async def handle_DATA(self, server, session, envelope):
        text = envelope.content.decode()
        self.heard.append(Heard(time.monotonic(), " ".join(envelope.rcpt_tos), {"tls": session.ssl is not None}, text))
        return "250 kept"


def event(n, test, value, unit):
    return json.dumps({
        "v": 1, "event_id": "e%d" % n, "source": "lis", "report": {"filler": "%s%d" % (MARKERS[2], n)}, "kind": "lab", "test": test,
        "step": "final", "occurred_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "patient": {"id": MARKERS[0], "ns": "MRN"}, "encounter": {"id": MARKERS[1], "ns": "VISIT"},
        "results": [{"code": test, "num": value, "unit": unit, "status": "final"}],
    })


def fields(heard):
    return dict(urllib.parse.parse_qsl(heard.body))


def signed(engine, path, form):
    """A request as the provider makes it: status and script."""
    url = "http://127.0.0.1:%d%s" % (engine.api, path)
    text = url + "".join(name + form[name] for name in sorted(form))
    signature = base64.b64encode(hmac.new(TOKEN.encode(), text.encode(), hashlib.sha1).digest()).decode()
    status, body = engine.post(path, urllib.parse.urlencode(form), "application/x-www-form-urlencoded", **{"x-twilio-signature": signature})
    return status, body.decode()


def state(engine, rule):
    alerts = json.loads(engine.get("/v1/alerts")[1])["alerts"]
    return next((alert["state"] for alert in alerts if alert["rule"].endswith(rule)), None)


def page_of(link):
    """Path and query of a link."""
    parts = urllib.parse.urlsplit(link)
    return parts.path + "?" + parts.query


def red(check, engine, web, mails):
    """Text message refused, call at once; a wrong value by keypad changes nothing; the mail comes when the wait is over."""
    web.answers[MESSAGES] = (400, '{"code":21211,"status":400}')
    status, body = engine.post("/v1/events?feed=lis", event(1, "2823-3", "6.9", "mmol/L"))
    check.equal("the result is taken", (status, json.loads(body)["result"]), (200, "applied"))
    sms = web.first("/Messages.json")
    web.answers[MESSAGES] = TAKEN
    call = web.first("/Calls.json")
    if not check_there(check, "a text message and a call", sms, call):
        return
    check.true("the call comes at once behind the text message that was refused", 0 <= call.at - sms.at < 3, call.at - sms.at)
    check.equal("to the numbers of the directory", (fields(sms)["To"], fields(call)["To"]), ("+15555550111", "+15555550112"))
    check.true("the account shows who it is", sms.headers["authorization"] == "Basic " + base64.b64encode(("AC1:" + TOKEN).encode()).decode())
    script = fields(call)["Twiml"]
    keys = re.search(r"To accept, enter ((?:\d ){6})", script).group(1).replace(" ", "")
    callback = page_of(re.search(r'action="([^"]+)"', script).group(1).replace("&amp;", "&"))
    form = {"CallSid": "CA1", "To": "+15555550112", "Digits": keys}
    status, said = signed(engine, callback, form)
    check.true("the code by keypad asks for the value", status == 200 and "Enter the value" in said, said)
    status, said = signed(engine, callback + "&step=value", {**form, "Digits": "6*8"})
    check.true("a wrong value is refused in words", status == 200 and "not the current value" in said, said)
    check.true("and the alert is not answered", state(engine, "Critical potassium") in ("delivered", "read", "raised"), state(engine, "Critical potassium"))
    until(lambda: mails.heard, WAIT + 10, 0.02)
    if not check_there(check, "a mail", mails.heard):
        return
    mail = mails.heard[0]
    after = mail.at - sms.at
    check.true("the mail of the next step comes when the wait of the first is over", WAIT - 0.5 <= after <= WAIT + 4, after)
    check.equal("over TLS, logged in, to the desk", (mail.headers["tls"], mails.logins[0], mail.path), (True, True, "ops@example.org"))
    check.true("under a fixed id", re.search(r"(?m)^Message-ID: <n_[a-z2-7]{26}@example.org>", mail.body), mail.body)
    prefetch(check, engine, mail)


def prefetch(check, engine, mail):
    """A mail scanner follows the link as often as it likes; the button answers once."""
    text = mail.body.replace("=\r\n", "").replace("=3D", "=")
    link = page_of(re.search(r"http://\S+/a/\S+", text).group(0))
    for method in ("GET", "HEAD", "GET", "OPTIONS", "GET"):
        connection = http.client.HTTPConnection("127.0.0.1", engine.api, timeout=10)
        connection.request(method, link, headers={"user-agent": "scanner"})
        connection.getresponse().read()
        connection.close()
    check.true("following the link answers nothing", state(engine, "Critical potassium") in ("delivered", "read"), state(engine, "Critical potassium"))
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(link).query))
    press = lambda value: engine.post(link.split("?")[0], urllib.parse.urlencode({**query, "act": "read_back", "value": value, "unit": ""}), "application/x-www-form-urlencoded")
    status, body = press("6.8")
    check.true("the button with a wrong value is refused", status == 409 and b"not the current value" in body, body[-600:])
    status, body = press("6.90")
    check.true("the button with the value answers", status == 200 and b"The result is yours" in body, body[-600:])
    check.true("the alert is answered", state(engine, "Critical potassium") in ("answered", "closed"), state(engine, "Critical potassium"))
    status, body = press("6.9")
    check.true("a second press changes nothing", status in (200, 409) and (b"Somebody answered before you" in body or b"recorded" in body), (status, body[-600:]))


def check_there(check, what, *found):
    check.true("there is %s" % what, all(found))
    return all(found)


def texts(check, engine, web):
    """A text message that arrives is answered by a text message."""
    known = len(web.of("/Messages.json"))
    engine.post("/v1/events?feed=lis", event(2, "2160-0", "6.1", "mg/dL"))
    until(lambda: len(web.of("/Messages.json")) > known, 15, 0.02)
    message = fields(web.of("/Messages.json")[-1])
    check.true("a text message is brief", message["Body"].startswith("orange: a result waits for you.") and "reatinine" not in message["Body"], message)
    code = re.search(r"Code (\w{6})", message["Body"]).group(1)
    until(lambda: state(engine, "Creatinine") == "delivered")
    check.equal("taken by the provider is delivered and not answered", state(engine, "Creatinine"), "delivered")
    other = signed(engine, "/v1/replies/sms", {"MessageSid": "SM1", "From": "+15555550199", "Body": code})
    check.true("another number answers nothing", other[0] == 200 and "fits no notice" in other[1] and state(engine, "Creatinine") == "delivered", other)
    reply = {"MessageSid": "SM2", "From": "+15555550111", "Body": "%s yes" % code.lower()}
    check.true("the number that was reached answers", "The result is yours" in signed(engine, "/v1/replies/sms", reply)[1])
    check.true("and the alert is answered", state(engine, "Creatinine") in ("answered", "closed"), state(engine, "Creatinine"))
    again = signed(engine, "/v1/replies/sms", reply)[1]
    check.true("the same reply brought twice is one answer", "heard before" in again, again)
    forged = engine.post("/v1/replies/sms", urllib.parse.urlencode(reply), "application/x-www-form-urlencoded", **{"x-twilio-signature": "AAAA"})
    check.equal("a reply that the provider did not sign is refused", forged[0], 401)


def tasks(check, engine):
    """Nobody answers: the worklist shows the task to whoever watches it."""
    connection = http.client.HTTPConnection("127.0.0.1", engine.api, timeout=30)
    connection.request("GET", "/v1/worklist?desk=Operations", headers={"accept": "text/event-stream"})
    stream = connection.getresponse()
    lines = iter(stream.fp.readline, b"")
    listed = lambda: next(json.loads(line[6:]) for line in lines if line.startswith(b"data: "))["tasks"]
    check.equal("the worklist begins with what it holds", [task["rule"] for task in listed()], [])
    engine.post("/v1/events?feed=lis", event(3, "2524-7", "4.4", "mmol/L"))
    began = time.monotonic()
    found = [task["rule"] for task in listed()]
    check.true("a task comes when the last step is over", len(found) == 1 and "Lactate" in found[0] and 2.5 <= time.monotonic() - began < 10, (found, time.monotonic() - began))
    connection.close()


def everywhere(check, engine, web):
    """One real page on every other channel of the first engine."""
    engine.post("/v1/events?feed=lis", event(4, "89579-7", "99", "ng/L"))
    found = {word: web.first(word, "yellow: a result waits") for word in ("/slack", "/teams", "/pagerduty", "/fhir/Communication", "/fhir/Task")}
    if not check_there(check, "a message on each of %s" % ", ".join(found), *found.values()):
        return
    body = {word: json.loads(heard.body) for word, heard in found.items()}
    check.true("Slack hears a text, at its secret path", "yellow: a result waits" in body["/slack"]["text"] and CHAT in found["/slack"].path, body["/slack"])
    card = body["/teams"]["attachments"][0]["content"]
    check.true("Teams hears a card with a button", card["type"] == "AdaptiveCard" and "/a/" in card["actions"][0]["url"], card)
    alert = body["/pagerduty"]
    check.true("PagerDuty hears an event", (alert["routing_key"], alert["event_action"], alert["payload"]["severity"]) == (ROUTING, "trigger", "warning") and alert["dedup_key"].startswith("n_"), alert)
    told, task = body["/fhir/Communication"], body["/fhir/Task"]
    check.true("the FHIR server hears a Communication", told["recipient"] == [{"reference": "Practitioner/7"}] and "subject" not in told, told)
    check.true("and a Task, each under its key", task["status"] == "requested" and task["identifier"][0]["value"] in found["/fhir/Task"].headers["if-none-exist"], task)
    check.equal("with the token where there is one", found["/fhir/Communication"].headers["authorization"], "Bearer " + TOKEN)


async def stored(port):
    client = await nats.connect("nats://127.0.0.1:%d" % port, connect_timeout=5)
    stream = client.jetstream(timeout=5)
    try:
        return await stream.get_last_msg("NOTICES", "wardline.notices")
    finally:
        await client.close()


async def make_stream(port):
    client = await nats.connect("nats://127.0.0.1:%d" % port, connect_timeout=5, max_reconnect_attempts=1)
    await client.jetstream(timeout=5).add_stream(name="NOTICES", subjects=["wardline.>"])
    await client.close()


def works(action, *args):
    try:
        return asyncio.run(action(*args)) or True
    except Exception:
        return None


def second(check, web):
    """A webhook, a stream of Debian's NATS server, and Debian's Alertmanager."""
    broker, manager, home = free_port(), free_port(), folder("servers")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    spawn(["/usr/sbin/nats-server", "-a", "127.0.0.1", "-p", str(broker), "-js", "-sd", home], **quiet)
    with open(os.path.join(home, "alertmanager.yml"), "w") as config:
        config.write("route: {receiver: none}\nreceivers: [{name: none}]\n")
    spawn(["/usr/bin/prometheus-alertmanager", "--config.file", config.name, "--storage.path", os.path.join(home, "am"),
           "--web.listen-address", "127.0.0.1:%d" % manager, "--cluster.listen-address="], **quiet)
    held = lambda: json.load(urllib.request.urlopen("http://127.0.0.1:%d/api/v2/alerts" % manager, timeout=5))
    check.true("nats-server answers", until(lambda: works(make_stream, broker), 20))
    check.true("Alertmanager answers", until(lambda: quietly(held) is not None, 20))
    engine = Engine(SECOND.format(web=web.port, nats=broker, alertmanager=manager), tells("secure message", "app", "inbox"), DIRECTORY, [("twilio", TOKEN)]).start()
    engine.post("/v1/events?feed=lis", event(5, "89579-7", "99", "ng/L"))
    hook = web.first("/hook")
    if check_there(check, "a webhook", hook):
        mac = hmac.new(TOKEN.encode(), ("%s.%s.%s" % (hook.headers["webhook-id"], hook.headers["webhook-timestamp"], hook.body)).encode(), hashlib.sha256)
        check.equal("signed", hook.headers["webhook-signature"], "v1," + base64.b64encode(mac.digest()).decode())
    message = until(lambda: works(stored, broker), 15) and asyncio.run(stored(broker))
    if check_there(check, "a message in the stream", message):
        body = json.loads(message.data)
        check.true("the stream keeps the notice under its key", message.headers["Nats-Msg-Id"] == body["key"] and body["text"].startswith("yellow:"), body)
    check.true("Alertmanager holds the notice", until(lambda: held(), 15), held())
    labels = held()[0]["labels"] if held() else {}
    check.equal("under its key", (labels.get("alertname"), labels.get("recipient"), labels.get("notice", "")[:2]), ("WardlineNotice", "Practitioner/7", "n_"))
    return engine, [json.dumps(held()), str(message and message.data)]


def quietly(action):
    try:
        return action()
    except OSError:
        return None


def main(check):
    web, mails = Providers(), Mails()
    os.environ["SSL_CERT_FILE"] = mails.authority
    files = [("twilio", TOKEN), ("mail", PASSWORD), ("pagerduty", ROUTING)]
    files += [(name, "http://127.0.0.1:%d/%s/%s" % (web.port, name, CHAT)) for name in ("slack", "teams")]
    ward = tells("secure message", "app", "pager", "inbox", "worklist")
    ward = ward.replace('desk "Night"\n', 'catalogue "Pagers"\n  channel   pager via "default"\n\ndesk "Night"\n', 1)
    engine = Engine(FIRST.format(web=web.port, smtp=mails.port), ward, DIRECTORY, files).start()
    red(check, engine, web, mails)
    texts(check, engine, web)
    tasks(check, engine)
    everywhere(check, engine, web)
    # The desk hears of its task once on each of its six channels; nothing else is on the way then.
    check.true("the task was told on every channel", until(lambda: sum("Nobody answered" in heard.body for heard in web.heard + mails.heard) == 6, 30))
    heard = len(web.heard) + len(mails.heard)
    code, out, err = wardline("doctor", "--probe", "--config", engine.path("wardline.toml"), "--format", "json")
    reached = next(one for one in json.loads(out)["checks"] if one["name"] == "channels")
    check.true("doctor --probe reaches every channel", reached["ok"], (reached, err))
    check.equal("and disturbs nobody", len(web.heard) + len(mails.heard), heard)
    other, held = second(check, web)
    check.equal("an alert that was answered left no task", [task["rule"] for task in json.loads(engine.get("/v1/worklist")[1])["tasks"] if "potassium" in task["rule"]], [])
    said = [heard.path + json.dumps(heard.headers) + heard.body for heard in web.heard + mails.heard] + held
    with open(engine.path("letters.ndjson")) as letters:
        said.append(letters.read())
    everything = "\n".join(said + [urllib.parse.unquote_plus(text) for text in said])
    check.equal("no patient is named in anything that left", [marker for marker in MARKERS if marker in everything], [])
    check.true("and nothing tells test or value", "otassium" not in everything and "6.9" not in everything)
    logs = engine.log() + other.log()
    metrics = engine.get("/metrics", engine.admin)[1].decode() + engine.get("/health")[1].decode()
    check.equal("no secret, number or patient stands in a log line or a metric", [word for word in SECRETS + MARKERS + ["5550111", "ops@example"] if word in logs + metrics], [])
    for one in (engine, other):
        check.equal("it stops when asked", one.stop(), 0)
    mails.controller.stop()


if __name__ == "__main__":
    run(main, minutes=4)

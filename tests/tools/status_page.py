#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The status page in a real browser: Debian's Chromium, without a window.

usage: status_page.py MSRPRELAYD MSRPLOAD MSRPRELAYCTL [DIRECTORY]

It fills in what is there before a script runs, moves under load, says when the
relay drains and when it does not answer, works in both colour schemes and on a
phone, writes no error to the console, and asks for nothing from anywhere else.
With DIRECTORY, pictures go there. Exits with 77 if there is no Chromium."""

import base64
import json
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
PATIENCE_S = 60
NAME = "relay.example.com"
DESKTOP = (1400, 1000, False)
PHONE = (390, 844, True)

faults = 0


def check(what, is_right, detail=""):
    global faults
    print("ok  " if is_right else "FAIL", what, "" if is_right else detail)
    faults += not is_right


# --- the relay and what it carries ---

class Relay:
    def __init__(self, daemon, load, ctl, directory):
        self.load, self.ctl, self.dir = load, ctl, directory
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:prime256v1", "-nodes", "-days", "10", "-subj",
             "/CN=relay", "-addext", f"subjectAltName=DNS:{NAME}", "-keyout",
             f"{directory}/key", "-out", f"{directory}/pem"],
            check=True, stderr=subprocess.DEVNULL)
        users = subprocess.run(
            [load, "-u", "load:secret", "-U", "2", "--users-for", NAME],
            check=True, stdout=subprocess.PIPE).stdout
        with open(f"{directory}/users", "wb") as file:
            file.write(users)
        with open(f"{directory}/conf", "w", encoding="ascii") as file:
            file.write(f"""
relay: {{ name = "{NAME}"; user = ""; group = ""; }};
listen = ( {{ transport = "tls"; address = "127.0.0.1"; port = 0; }} );
tls: {{ certificate = "{directory}/pem"; private_key = "{directory}/key"; }};
auth: {{ users_file = "{directory}/users"; }};
metrics: {{ address = "127.0.0.1"; port = 0; }};
control: {{ socket = "{directory}/ctl"; }};
""")
        self.process = subprocess.Popen(
            [daemon, "-c", f"{directory}/conf"], stderr=subprocess.PIPE,
            encoding="utf-8")
        self.ports = {}
        while "started" not in (line := self.process.stderr.readline()):
            found = re.search(r"transport=(\w+) address=\S+ port=(\d+)", line)
            if found:
                self.ports[found[1]] = int(found[2])
        self.page = f"http://127.0.0.1:{self.ports['http']}/"

    def start_load(self):
        port = self.ports["tls"]
        return subprocess.Popen(
            [self.load, "-r", f"msrps://{NAME}:{port};tcp", "-c",
             f"127.0.0.1:{port}", "--ca", f"{self.dir}/pem", "-q", "-U", "2",
             "-u", "load:secret", "-p", "2", "-R", "50", "-d", "90"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def control(self, *words):
        subprocess.run([self.ctl, "-s", f"{self.dir}/ctl", *words],
                       check=True, stdout=subprocess.DEVNULL)


# --- the browser ---

class Browser:
    """Chromium, told what to do over a pipe: JSON texts with a NUL after each
    (the DevTools protocol)."""

    def __init__(self, program, directory):
        to_read, self.to = os.pipe()
        self.source, from_write = os.pipe()

        def pipes():  # Chromium reads from 3 and writes to 4
            read, write = os.dup(to_read), os.dup(from_write)
            os.dup2(read, 3)
            os.dup2(write, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--disable-extensions",
             f"--user-data-dir={directory}/profile", "--hide-scrollbars",
             "--remote-debugging-pipe", "about:blank"],
            close_fds=False, preexec_fn=pipes, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(from_write)
        self.rest, self.number, self.session = b"", 0, None
        self.requests, self.complaints, self.blocked = [], [], False
        target = self.ask("Target.createTarget", url="about:blank")
        self.session = self.ask("Target.attachToTarget", flatten=True,
                                targetId=target["targetId"])["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.ask(domain + ".enable")

    def note(self, event):
        method, what = event.get("method", ""), event.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(what["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(str(what["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled":
            self.complaints.append(str(what["args"]))
        elif method == "Log.entryAdded":
            self.complaints.append(what["entry"]["text"])

    def ask(self, method, **params):
        self.number += 1
        text = {"id": self.number, "method": method, "params": params}
        if self.session:
            text["sessionId"] = self.session
        os.write(self.to, json.dumps(text).encode() + b"\0")
        while True:
            while b"\0" not in self.rest:
                octets = os.read(self.source, 1 << 16)
                if not octets:
                    raise EOFError("the browser has ended")
                self.rest += octets
            line, self.rest = self.rest.split(b"\0", 1)
            answer = json.loads(line)
            if answer.get("id") == self.number:
                return answer.get("result", {})
            self.note(answer)

    def value(self, expression):
        got = self.ask("Runtime.evaluate", expression=expression,
                       returnByValue=True)
        return got.get("result", {}).get("value")

    def until(self, expression):
        """Waits until it is true."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if self.value(expression):
                return True
            select.select([self.source], [], [], 0.2)
        return False

    def open(self, url, size, scheme="light", script=True):
        width, height, mobile = size
        self.ask("Emulation.setDeviceMetricsOverride", width=width,
                 height=height, deviceScaleFactor=1, mobile=mobile)
        self.ask("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": scheme}])
        self.ask("Emulation.setScriptExecutionDisabled", value=not script)
        self.ask("Page.navigate", url=url)
        return self.until(f"location.href === {json.dumps(url)} && "
                          "document.readyState === 'complete'")

    def picture(self, directory, name):
        if directory:
            got = self.ask("Page.captureScreenshot", format="png")
            with open(f"{directory}/{name}.png", "wb") as file:
                file.write(base64.b64decode(got["data"]))

    def end(self):
        self.process.kill()
        self.process.wait()


# --- the page ---

def figure(at):
    return f"document.querySelector('[data-at=\"{at}\"]').textContent"


def all_figures(browser):
    return browser.value(
        "Object.fromEntries([...document.querySelectorAll('[data-at]')]"
        ".map((e) => [e.dataset.at, e.textContent]))")


def judge_idle(browser, relay):
    """What the server wrote is what the script would have written."""
    check("it opens", browser.open(relay.page, DESKTOP, script=False))
    before = all_figures(browser)
    html = browser.value("document.querySelector('main').innerText")
    check("figures are there without a script", before["sessions.now"] == "0"
          and before["connections.by_state.open"] == "0", before)
    check("it says what listens", "127.0.0.1" in html and "tls" in html, html)
    check("it warns", "expires within 14 days" in html, html)
    browser.open(relay.page, DESKTOP)
    tables = browser.value("document.querySelector('.cards').innerText")
    check("the script refreshes", browser.until(
        "document.querySelector('table').was !== undefined"))
    after = all_figures(browser)
    loose = {"uptime_s", "rates.cpu"}
    other = {k: (before[k], after[k]) for k in before
             if before[k] != after[k] and k not in loose}
    check("the script shows what the server has shown", not other, other)
    again = browser.value("document.querySelector('.cards').innerText")
    digits = re.compile(r"[\d.]+")  # how many descriptors are open varies
    check("the same in tables", digits.sub("#", tables) ==
          digits.sub("#", again), (tables, again))


def judge_forms(browser):
    """The script writes a number as the server does: both are tried on the
    table of the server's unit test."""
    with open(f"{ROOT}/src/status/page/status.js", encoding="ascii") as file:
        script = file.read()
    with open(f"{ROOT}/tests/unit/status/test_status_value.c",
              encoding="ascii") as file:
        rows = re.findall(r'\{AS_(\w+), (-?[\d.e]+), "([^"]*)"\}', file.read())
    rows = [(form.lower(), float(v), text) for form, v, text in rows
            if float(v) < 1e20]  # of a date further than JavaScript goes
    end = "setTimeout(turn, STEP_MS);\n})();"
    forms = script.replace(end, "return forms;\n})()")
    check("the table of forms is found", len(rows) > 25 and forms != script)
    shown = json.loads(browser.value(
        f"(() => {{ const forms = {forms[forms.index('(() =>'):]}; return "
        f"JSON.stringify({json.dumps(rows)}.map((r) => forms[r[0]](r[1]))) }}"
        ")()") or "[]")
    other = [(row, text) for row, text in zip(rows, shown) if row[2] != text]
    check("the script shows numbers as the server does",
          len(shown) == len(rows) and not other, other)


def judge_load(browser, relay):
    load = relay.start_load()
    check("figures move under load", browser.until(
        f"{figure('sessions.now')} === '4' && "
        f"parseFloat({figure('rates.messages')}) > 10"),
        all_figures(browser))
    check("graphs move", browser.until(
        "document.querySelector('figure path').getAttribute('d')"
        ".split('L').length > 3"))
    check("the state is said", browser.value(
        "document.getElementById('state').textContent") == "running")
    return load


def judge_looks(browser, relay, pictures):
    wide = "document.documentElement.scrollWidth > innerWidth"
    ground = "getComputedStyle(document.body).backgroundColor"
    grounds = set()
    for name, size, scheme in (("light", DESKTOP, "light"),
                               ("dark", DESKTOP, "dark"),
                               ("phone", PHONE, "light"),
                               ("phone-dark", PHONE, "dark")):
        browser.open(relay.page, size, scheme)
        check(f"nothing is wider than the screen: {name}",
              not browser.value(wide))
        grounds.add(browser.value(ground))
        browser.picture(pictures, name)
    check("light is not dark", len(grounds) == 2, grounds)


def judge_states(browser, relay, pictures):
    browser.open(relay.page, DESKTOP)
    relay.control("drain")
    check("it says that the relay drains", browser.until(
        "document.body.dataset.state === 'draining' && "
        "document.title.endsWith('draining')"))
    browser.picture(pictures, "draining")
    relay.control("drain", "off")
    check("... and that it does not", browser.until(
        "document.body.dataset.state === 'running'"))
    check("no complaint in the console", not browser.complaints,
          browser.complaints)
    elsewhere = [url for url in browser.requests
                 if not url.startswith(relay.page)]
    check("no request to anywhere else", not elsewhere, elsewhere)
    check("... but to the page's own", relay.page + "status.json"
          in browser.requests, browser.requests)
    relay.process.terminate()
    relay.process.wait()
    check("it says that nobody answers", browser.until(
        "document.body.dataset.state === 'silent' && "
        "document.getElementById('state').textContent"
        ".startsWith('no answer since')"))
    browser.picture(pictures, "silent")


def main():
    program = shutil.which("chromium")
    if not program:
        print("no chromium")
        return 77
    pictures = sys.argv[4] if len(sys.argv) > 4 else None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        relay = Relay(*sys.argv[1:4], directory)
        browser = Browser(program, directory)
        load = None
        try:
            judge_idle(browser, relay)
            judge_forms(browser)
            load = judge_load(browser, relay)
            judge_looks(browser, relay, pictures)
            judge_states(browser, relay, pictures)
        finally:
            browser.end()
            for process in (load, relay.process):
                if process and process.poll() is None:
                    process.kill()
                    process.wait()
    print(faults, "failed")
    return 1 if faults else 0


sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lives with every built-in provider: log-in, token, expiry, refresh, rotation, a dead refresh token, revocation.

    catalogue.py --larder PROGRAM --courier PROGRAM [--jobs 2] [ID...]

Each built-in definition is taken as it is; only the origins of its endpoints become those of a server on this machine
that plays the provider (server.py, shapes.py). That server judges every request, and this program what a user sees.
"""
import argparse
import concurrent.futures
import http.client
import json
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.dont_write_bytecode = True
FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, FOLDER)
import server as play
import shapes

ENDPOINTS = {"authorization": "authorize", "token": "token", "refresh": "refresh", "revocation": "revoke",
             "device_authorization": "device", "device_token": "device_token", "userinfo": "userinfo"}
LIFE_S = 2
NOT_YET = re.compile("this version cannot authenticate|client key")    # a key that the client does not have


class Failure(Exception):
    pass


class Larder:
    """The program, with a home of its own."""

    def __init__(self, home, larder, courier):
        self.home, self.larder = home, larder
        self.environment = {"PATH": "/usr/bin:/bin", "HOME": home, "TERM": "dumb", "LARDER_COURIER": courier,
                            "ASAN_OPTIONS": "halt_on_error=1:exitcode=99:abort_on_error=0:detect_leaks=0"}

    def run(self, *words, given=None, status=0):
        result = subprocess.run([self.larder, *words], input=given, capture_output=True, text=True, timeout=100,
                                cwd=self.home, env=self.environment)
        if status is not None and result.returncode != status:
            raise Failure(f"larder {' '.join(words)}: exit {result.returncode} instead of {status}: "
                          f"{result.stderr.strip()} {result.stdout.strip()}")
        return result

    def json(self, *words, **more):
        return json.loads(self.run(*words, "--json", **more).stdout)

    def paste(self, *words):
        """A log-in whose browser is this program: it opens the URL and pastes where it was sent."""
        process = subprocess.Popen([self.larder, "login", *words, "--flow", "paste"], stdin=subprocess.PIPE, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.home, env=self.environment)
        said = ""
        for line in process.stderr:
            said += line
            found = re.match(r"\s+(http\S+)$", line)
            if found:
                process.stdin.write(visit(found[1]) + "\n")
                process.stdin.flush()
                break
        _, rest = process.communicate(timeout=100)
        if process.returncode:
            raise Failure(f"larder login --flow paste: exit {process.returncode}: {(said + rest).strip()}")


def visit(url):
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    connection.request("GET", f"{parts.path}?{parts.query}")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.getheader("location", "http://127.0.0.1/nothing")


# --- the definition on this machine

def value_for(definition, name, origin):
    """A value for a variable: an address where it begins a URL, else a word."""
    texts = [text for text in definition["endpoints"].values() if text]
    texts += [definition.get("revoke", {}).get("url") or "", definition.get("issuer") or ""]
    if any(text.startswith("{" + name + "}") for text in texts):
        return f"{origin}/v_{name}"
    texts += definition.get("client_assertion", {}).values()
    if not any("{" + name + "}" in text for text in texts):
        return None
    return "mine"


def move(template, origin):
    if template.startswith("{"):
        return template
    return origin + "/" + re.sub(r"^[a-z]+://", "", template).partition("/")[2]


def on_this_machine(definition, origin):
    moved = json.loads(json.dumps(definition))
    moved["insecure_loopback"] = True
    for group in ("endpoints",):
        for name, template in moved[group].items():
            if template:
                moved[group][name] = move(template, origin)
    for name in ("issuer", "discovery"):
        if moved.get(name):
            moved[name] = move(moved[name], origin)
    if moved.get("revoke", {}).get("url"):
        moved["revoke"]["url"] = move(moved["revoke"]["url"], origin)
    if moved.get("revoke", {}).get("nonce"):
        moved["revoke"]["nonce"]["url"] = move(moved["revoke"]["nonce"]["url"], origin)
    return moved


def fill(template, values):
    for name, value in values.items():
        template = template.replace("{" + name + "}", value)
    return template


def places_of(moved, values):
    """path -> endpoints, as the server has to know them."""
    places = {}
    templates = {ENDPOINTS[name]: text for name, text in moved["endpoints"].items() if text and name in ENDPOINTS}
    if moved.get("revoke", {}).get("url"):
        templates["revoke"] = moved["revoke"]["url"]
    if moved.get("revoke", {}).get("nonce"):
        templates["nonce"] = moved["revoke"]["nonce"]["url"]
    for endpoint, template in templates.items():
        path = urllib.parse.urlsplit(fill(template, values)).path
        places.setdefault(path, []).append(endpoint)
    return places


# --- one provider

class Case:
    def __init__(self, definition, larder, server):
        self.id, self.definition, self.larder, self.server = definition["id"], definition, larder, server
        self.shape = shapes.Shape(definition)
        self.skipped = None
        origin = f"http://127.0.0.1:{server.port}/{self.id}"
        moved = on_this_machine(definition, origin)
        folder = os.path.join(larder.home, ".config/larder/providers.d")
        os.makedirs(folder, mode=0o700)
        with open(os.path.join(folder, self.id + ".json"), "w", encoding="utf-8") as file:
            json.dump(moved, file)
        self.values = {}
        for name, variable in moved.get("vars", {}).items():
            value = value_for(moved, name, origin)
            if value is None and (variable or {}).get("required"):
                value = "mine"
            if value is not None and ("default" not in (variable or {}) or value.startswith("http")):
                self.values[name] = value
        defaults = {name: (variable or {}).get("default", "") for name, variable in moved.get("vars", {}).items()}
        self.moved = moved
        self.public = self.shape.auth() == "none"
        self.played = play.Provider(self.shape, places_of(moved, {**defaults, **self.values, "client_id": play.CLIENT}),
                                    None if self.public else play.SECRET)
        server.providers[self.id] = self.played

    def check(self):
        if self.played.wrong:
            raise Failure("; ".join(self.played.wrong))

    def log_in(self):
        larder = self.larder
        larder.run("init", "--key-file", "key")
        words = [f"--var={name}={value}" for name, value in self.values.items()]
        signs = {"private_key_jwt": "RS256", "client_secret_post_signed_jwt": "ES256"}.get(self.shape.auth())
        if not self.public and not signs:
            words += ["--secret-file", "-"]
        try:
            larder.run("client", "add", "app", "--provider", self.id, "--client-id", play.CLIENT, *words,
                       given=None if self.public or signs else play.SECRET)
            if signs:
                larder.run("client", "key", "app", "--alg", signs)
            if self.definition["endpoints"].get("authorization"):
                there = [] if self.definition.get("loopback", {}).get("http_loopback", True) else \
                    ["--redirect-uri", "https://app.example/callback"]
                larder.paste("mail", "--client", "app", "--scope", "one two", *there)
            else:
                larder.run("add", "mail", "--client", "app", "--scope", "one two", "--refresh-token-file", "-",
                           given=self.first_refresh_token())
        except Failure as failure:
            if not NOT_YET.search(str(failure)) or self.shape.auth() not in (
                    "private_key_jwt", "client_secret_post_signed_jwt"):
                raise
            self.skipped = "a key that signs is needed"
        self.check()

    def first_refresh_token(self):
        self.played.live_refresh = {"rt/first"}
        self.played.issued = {"rt/first"}
        return "rt/first"

    def has_refresh_token(self):
        """Whether the documented reply to a log-in has one."""
        _, fields = self.shape.token_reply("a", "r", "s", 60, True)
        text = json.dumps(fields)
        return self.shape.spends_access_token or "refresh" in re.sub(r'"refresh_(token_)?expires_\w+"', "", text)

    def device(self):
        """A second credential, by the device flow."""
        if not self.definition["endpoints"].get("device_authorization"):
            return
        self.larder.run("login", "tv", "--client", "app", "--scope", "one two", "--flow", "device", "-q")
        self.check()
        if "device_token" not in self.played.seen:
            raise Failure("nobody asked for the tokens of the device")

    def use(self):
        """The first token has ended meanwhile where the reply said when."""
        larder = self.larder
        token = larder.json("token", "mail")
        self.check()
        if token["access_token"] not in self.played.live_access:
            raise Failure("the token is none of those that were issued")
        if not self.has_refresh_token():
            if token["refreshed"]:
                raise Failure("refreshed without a refresh token")
            return
        before = larder.json("show", "mail")["generation"]
        token = larder.json("token", "mail", "--force")
        self.check()
        if not token["refreshed"] or token["access_token"] not in self.played.live_access:
            raise Failure("the token was not refreshed")
        if token["scope"] not in ("one two", ""):
            raise Failure(f"the scope is {token['scope']!r}")
        self.check_end(token)
        after = larder.json("show", "mail")["generation"]
        if (after > before) != (self.shape.renews() or self.shape.spends_access_token):
            raise Failure(f"generation {before} became {after} at a provider that rotates: {self.shape.rotation}")
        self.dead()

    def check_end(self, token):
        _, fields = self.shape.token_reply("a", "r", "s", 3600, False)
        life_s = 3600 if re.search("expires?_?(in|at)", json.dumps(fields).lower().replace("refresh_token_expires_in", "")
                                   ) and fields.get("expires_in") != 0 else self.definition.get("access_token_ttl_s")
        end = token["expires_at"]
        if life_s is None:
            if end is not None:
                raise Failure(f"the token ends at {end}, which nobody said")
        elif end is None or abs(end - time.time() - life_s) > 60:
            raise Failure(f"the token ends at {end}, not {life_s} s from now")

    def dead(self):
        """A refresh token that the provider does not take any more: a person is wanted."""
        self.larder.run("add", "gone", "--client", "app", "--refresh-token-file", "-", given="rt/gone")
        result = self.larder.run("token", "gone", "--json", status=4)
        error = json.loads(result.stderr)["error"]
        if error["code"] != "needs-login":
            raise Failure(f"a dead refresh token is told as {error}")
        self.check()

    def end(self):
        revoke = self.definition.get("revoke", {})
        result = self.larder.run("revoke", "mail", "--json", "--yes", status=None)
        answer = json.loads(result.stdout)[0]
        self.check()
        asked = "revoke" in self.played.seen
        style = revoke.get("style", "rfc7009" if self.definition["endpoints"].get("revocation") else "none")
        kinds = revoke.get("accepts", ["access_token", "refresh_token"])
        kinds = [] if style == "none" else kinds
        held = ["access_token"] + (["refresh_token"] if self.has_refresh_token() and not self.shape.spends_access_token
                                   else [])
        account = self.shape.own.get("account")     # what names it instead of a token
        wanted = held if account else [kind for kind in held if kind in kinds]
        destructive = revoke.get("destructive") or account
        if destructive and asked:
            raise Failure("a destructive revocation ran without --what all")
        if destructive:
            answer = json.loads(self.larder.run("revoke", "mail", "--json", "--yes", "--what", "all",
                                                status=None).stdout)[0]
            self.check()
        if sorted(answer["what"]) != sorted(wanted):
            raise Failure(f"revoked are {answer['what']} instead of {wanted}: {answer['message']}")
        if "refresh_token" in held:
            result = "revoked" if "refresh_token" in wanted else "unsupported"
        else:
            result = "revoked" if wanted == held else "unsupported"
        if answer["result"] != result:
            raise Failure(f"revoke says {answer['result']} instead of {result}: {answer['message']}")
        if account and self.played.seen.count("revoke") != 1:
            raise Failure("the account was named more than once")
        if ("revoke" in self.played.seen) != bool(wanted):
            raise Failure("the revocation endpoint was asked, and has nothing that it takes" if not wanted else
                          "revoked, and nobody was asked")
        self.larder.run("token", "mail", status=4)


def attempt(case, failures, what):
    if case.id in failures or case.skipped:
        return
    try:
        getattr(case, what)()
    except (Failure, subprocess.TimeoutExpired, ValueError, KeyError, IndexError) as failure:
        name = "" if isinstance(failure, Failure) else type(failure).__name__ + ": "
        failures[case.id] = f"{what}: {'; '.join(case.played.wrong) or name + str(failure)}"


def work(definitions, arguments, queue):
    os.umask(0o077)
    failures, skipped = {}, []
    with tempfile.TemporaryDirectory(prefix="larder-catalogue-") as folder:
        server = play.Server()
        cases = []
        for definition in definitions:
            home = os.path.join(folder, definition["id"])
            os.mkdir(home)
            cases.append(Case(definition, Larder(home, arguments.larder, arguments.courier), server))
        began = time.monotonic()
        for case in cases:
            attempt(case, failures, "log_in")
        time.sleep(max(0, LIFE_S + 1 - (time.monotonic() - began)))
        for case in cases:
            attempt(case, failures, "use")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:      # they wait most of the time
            list(pool.map(lambda case: attempt(case, failures, "device"), cases))
        for case in cases:
            attempt(case, failures, "end")
        skipped = [f"{case.id}: {case.skipped}" for case in cases if case.skipped]
    queue.put((failures, skipped))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--larder", required=True)
    parser.add_argument("--courier", required=True)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("ids", nargs="*")
    arguments = parser.parse_args()
    arguments.larder, arguments.courier = os.path.abspath(arguments.larder), os.path.abspath(arguments.courier)
    with tempfile.TemporaryDirectory() as home:
        larder = Larder(home, arguments.larder, arguments.courier)
        ids = arguments.ids or [one["id"] for one in larder.json("provider", "list")]
        definitions = [larder.json("provider", "show", name) for name in ids]
    queue = multiprocessing.Queue()
    parts = [definitions[i::arguments.jobs] for i in range(arguments.jobs) if definitions[i::arguments.jobs]]
    processes = [multiprocessing.Process(target=work, args=(part, arguments, queue)) for part in parts]
    for process in processes:
        process.start()
    failures, skipped = {}, []
    for _ in processes:
        found, left_out = queue.get(timeout=300)
        failures.update(found)
        skipped += left_out
    for process in processes:
        process.join()
    for line in skipped:
        print(f"left out: {line}")
    for name, problem in sorted(failures.items()):
        print(f"{name}: {problem}")
        print(f"    again: python3 {os.path.relpath(__file__)} --larder {arguments.larder} "
              f"--courier {arguments.courier} {name}")
    print(f"{len(definitions) - len(failures) - len(skipped)} of {len(definitions)} providers are as documented")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs one contract case: a text file that says which command is given and what a user then sees.

    run.py --larder PROGRAM --courier PROGRAM CASE.txt

Every case runs in a fresh directory that is its HOME and its working directory. A line begins with what it is:

    #  prose: the first lines say what the case shows
    use: NAME          do the lines of use/NAME.txt first
    env: NAME=VALUE    for the commands that follow
    file: NAME 0600    write a file; its content is the lines below that begin with a tab
    server: [tls]      start the authorization server; {{port}} is where it listens; with tls also at https://localhost
                       and {{tls_port}}, with a certificate of the authority in ca.pem and ca.key
                       (and {{docs}} always is the folder docs/ of the project)
    @ OP KEY=VALUE ... => NAME=.PATH ...
                       an order to that server; fields of its answer become {{NAME}}
    $ COMMAND          a shell command; larder is in PATH, standard input is /dev/null
    % COMMAND          the same on a terminal
    < TEXT             a line of standard input; on a terminal: typed when something is asked
    > TEXT             the next line of standard output; on a terminal of both outputs
    ! TEXT             the next line of standard error
    json VALUE         standard output is JSON and holds at least this
    error VALUE        standard error is {"error": {...}}, and the error holds at least this
    ? STATUS           the exit status; 0 if the line is missing
    absent TEXT        TEXT is in no output and in no file of the directory
    mode NAME 0600     the file or directory has this mode
    missing NAME       there is no such file

What is not said is not there: no > line means that standard output is empty. In expected text {{any}} is any text,
{{int}} a number, {{rest}} as a line alone all that follows, {{keep:NAME}} any word, which {{NAME}} then stands for.
In VALUE the text "{{int}}" and "{{any}}" do the same for a number and a string; an array has to have the same length.
With a status other than 0, standard error is one line without control bytes.
"""
import argparse
import json
import os
import pty
import re
import select
import signal
import stat
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(FOLDER), "authserver"))
LIMIT_S = 120
SANITIZER = "halt_on_error=1:exitcode=99:abort_on_error=0"


class Failure(Exception):
    pass


class Result:
    def __init__(self, out, err, status):
        self.out, self.err, self.status = out, err, status


def value_of(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def holds(wanted, found, place="value"):
    """Raises unless found holds at least what is wanted."""
    if wanted == "{{any}}" and isinstance(found, str) and found:
        return
    if wanted == "{{int}}" and isinstance(found, int) and not isinstance(found, bool):
        return
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key, value in wanted.items():
            if key not in found:
                raise Failure(f"{place}: no member {key!r}")
            holds(value, found[key], f"{place}.{key}")
        return
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for index, value in enumerate(wanted):
            holds(value, found[index], f"{place}[{index}]")
        return
    if type(wanted) is not type(found) or wanted != found:
        raise Failure(f"{place}: {wanted!r} is wanted, {found!r} is there")


class Case:
    def __init__(self, home, larder, courier):
        self.home = home
        self.variables = {"home": home, "docs": os.path.join(os.path.dirname(os.path.dirname(FOLDER)), "docs")}
        self.server = None
        self.outputs = ""
        tools = os.path.join(home, ".tools")
        os.mkdir(tools, 0o700)
        os.symlink(larder, os.path.join(tools, "larder"))
        self.environment = {"PATH": tools + ":/usr/bin:/bin", "HOME": home, "TERM": "dumb", "LARDER_COURIER": courier,
                            "ASAN_OPTIONS": SANITIZER + ":detect_leaks=0", "UBSAN_OPTIONS": SANITIZER}

    # --- what the lines do ---

    def fill(self, text):
        return re.sub(r"\{\{(\w+)\}\}", lambda m: str(self.variables.get(m[1], m[0])), text)

    def order(self, text):
        from client import control  # of the authorization server

        words, _, kept = text.partition("=>")
        operation, *fields = self.fill(words).split()
        pairs = (field.partition("=") for field in fields)
        answer = control(self.server.port, operation, **{key: value_of(value) for key, _, value in pairs})
        for keep in kept.split():
            name, _, path = keep.partition("=")
            found = answer
            for part in path[1:].split("."):
                found = found[int(part)] if isinstance(found, list) else found[part]
            self.variables[name] = found

    def start_server(self, tls):
        from client import Server

        self.server = Server(*(self.make_certificates() if tls else ()))
        self.variables.update({name: value for name, value in self.server.ports.items() if name != "pid"})

    def make_certificates(self):
        """ca.pem and ca.key, and what the server needs; all commands trust the authority."""
        new = "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
        commands = [f"{new} -x509 -keyout ca.key -out ca.pem -subj '/CN=Test CA'",
                    f"{new} -x509 -keyout server.key -out server.pem -subj /CN=localhost -CA ca.pem -CAkey ca.key "
                    "-addext subjectAltName=DNS:localhost,IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE"]
        subprocess.run(" && ".join(commands), shell=True, cwd=self.home, check=True, capture_output=True)
        self.environment["SSL_CERT_FILE"] = os.path.join(self.home, "ca.pem")
        return "--tls", os.path.join(self.home, "server.pem"), os.path.join(self.home, "server.key")

    def write(self, name, mode, content):
        path = os.path.join(self.home, name)
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.fill(content))
        os.chmod(path, mode)

    def run(self, command, lines):
        stdin = "".join(line + "\n" for line in lines).encode() if lines else None
        process = subprocess.Popen(["/bin/bash", "-c", command], cwd=self.home, env=self.environment,
                                   stdin=subprocess.PIPE if lines else subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, start_new_session=True)
        try:
            out, err = process.communicate(stdin, timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise Failure(f"no end after {LIMIT_S} s") from None
        return Result(out.decode("utf-8", "backslashreplace"), err.decode("utf-8", "backslashreplace"),
                      process.returncode)

    def run_on_terminal(self, command, lines):
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.home)
            os.execve("/bin/bash", ["bash", "-c", command], self.environment)
        seen, answered, end, typed = b"", 0, time.monotonic() + LIMIT_S, list(lines)
        while time.monotonic() < end:
            readable, _, _ = select.select([terminal], [], [], 0.1)
            if readable:
                try:
                    piece = os.read(terminal, 65536)
                except OSError:
                    break
                if not piece:
                    break
                seen += piece
            elif typed and len(seen) > answered and re.search(rb"(: |\] )$", seen):
                answered = len(seen)
                text = typed.pop(0)
                os.write(terminal, b"\x03" if text == "^C" else text.encode() + b"\n")
        else:
            os.kill(pid, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(terminal)
        if typed:
            raise Failure(f"nobody asked for {typed!r}; the terminal shows {seen!r}")
        return Result(seen.decode("utf-8", "backslashreplace").replace("\r\n", "\n"), "", status)

    # --- what is expected ---

    def matches(self, wanted, found):
        pattern, names = "", []
        for part in re.split(r"(\{\{[\w:]+\}\})", self.fill(wanted)):
            if part == "{{any}}":
                pattern += ".*"
            elif part == "{{int}}":
                pattern += r"-?\d+"
            elif part.startswith("{{keep:"):
                pattern += r"(\S+)"
                names.append(part[7:-2])
            else:
                pattern += re.escape(part)
        match = re.fullmatch(pattern, found)
        if match:
            self.variables.update(zip(names, match.groups()))
        return match is not None

    def compare(self, what, wanted, text):
        lines = text.split("\n")
        if lines and lines[-1] == "":
            lines.pop()
        for index, line in enumerate(wanted):
            if line == "{{rest}}":
                return
            if index >= len(lines):
                raise Failure(f"{what}: {line!r} is wanted, nothing is there")
            if not self.matches(line, lines[index]):
                raise Failure(f"{what}, line {index + 1}:\n  wanted: {line}\n  found:  {lines[index]}")
        if len(lines) > len(wanted):
            raise Failure(f"{what}: more than is wanted: {lines[len(wanted)]!r}")

    def compare_json(self, what, wanted, text, member=None):
        try:
            found = json.loads(text)
        except ValueError as error:
            raise Failure(f"{what} is no JSON: {error}: {text!r}") from None
        if member:
            found = found.get(member)
        holds(json.loads(self.fill(wanted)), found, what)

    def judge(self, step, result):
        self.outputs += result.out + result.err
        status = step["status"]
        if result.status != status:
            raise Failure(f"exit status {result.status}, wanted {status}; standard error: {result.err!r}; "
                          f"standard output: {result.out[:400]!r}")
        if "json" in step:
            self.compare_json("standard output", step["json"], result.out)
        else:
            self.compare("standard output", step["out"], result.out)
        if "error" in step:
            self.compare_json("standard error", step["error"], result.err, "error")
        else:
            self.compare("standard error", step["err"], result.err)
        if status not in (0, 130) and result.err and not step["terminal"]:
            if result.err.count("\n") != 1 or re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", result.err):
                raise Failure(f"an error is one line without control bytes, not {result.err!r}")

    def absent(self, text):
        if text in self.outputs:
            raise Failure(f"{text!r} was printed")
        for folder, _, names in os.walk(self.home):
            for name in names:
                path = os.path.join(folder, name)
                if not os.path.isfile(path) or "/.tools/" in path:
                    continue
                with open(path, "rb") as file:
                    if text.encode() in file.read():
                        raise Failure(f"{text!r} is in {name}")

    def close(self):
        if self.server:
            self.server.stop()


def steps_of(path, seen=()):
    """Yields (place, kind, value) for the lines of a file and of those that it uses."""
    step, file = None, None
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            line = line.rstrip("\n")
            place = f"{os.path.basename(path)}:{number}"
            if file and line.startswith("\t"):
                file["content"] += line[1:] + "\n"
                continue
            if file:
                yield place, "file", file
                file = None
            word, _, rest = line.partition(" ")
            if step and word in ("<", ">", "!", "json", "error", "?"):
                if word in "<>!":
                    step[{"<": "in", ">": "out", "!": "err"}[word]].append(rest)
                else:
                    step["status" if word == "?" else word] = int(rest) if word == "?" else rest
                continue
            if step and line:
                yield step["place"], "run", step
                step = None
            if not line or word == "#":
                continue
            if word in ("$", "%"):
                step = {"place": place, "command": rest, "terminal": word == "%", "in": [], "out": [], "err": [],
                        "status": 0}
            elif word == "file:":
                name, mode = rest.rsplit(" ", 1)
                file = {"name": name, "mode": int(mode, 8), "content": ""}
            elif word == "use:":
                yield from steps_of(os.path.join(FOLDER, "use", rest + ".txt"))
            elif word in ("env:", "server:", "@", "absent", "mode", "missing"):
                yield place, word, rest
            else:
                raise Failure(f"{place}: what is {line!r}?")
    if file:
        yield place, "file", file
    if step:
        yield step["place"], "run", step


def perform(case, kind, value):
    if kind == "run":
        command = case.fill(value["command"])
        run = case.run_on_terminal if value["terminal"] else case.run
        case.judge(value, run(command, [case.fill(line) for line in value["in"]]))
    elif kind == "file":
        case.write(value["name"], value["mode"], value["content"])
    elif kind == "server:":
        case.start_server(value == "tls")
    elif kind == "@":
        case.order(value)
    elif kind == "env:":
        name, _, text = case.fill(value).partition("=")
        case.environment[name] = text
    elif kind == "absent":
        case.absent(case.fill(value))
    elif kind == "mode":
        name, mode = value.split()
        found = stat.S_IMODE(os.lstat(os.path.join(case.home, name)).st_mode)
        if found != int(mode, 8):
            raise Failure(f"{name} has mode {found:04o}")
    elif kind == "missing" and os.path.lexists(os.path.join(case.home, value)):
        raise Failure(f"{value} is there")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--larder", required=True)
    parser.add_argument("--courier", default="/nonexistent/larder-courier")
    parser.add_argument("case")
    arguments = parser.parse_args()
    os.umask(0o077)
    with tempfile.TemporaryDirectory(prefix="larder-contract-") as home:
        case = Case(home, os.path.abspath(arguments.larder), os.path.abspath(arguments.courier))
        try:
            for place, kind, value in steps_of(arguments.case):
                try:
                    perform(case, kind, value)
                except Failure as failure:
                    sys.exit(f"{place}: {failure}")
        finally:
            case.close()


if __name__ == "__main__":
    main()

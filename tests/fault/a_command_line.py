# SPDX-License-Identifier: Apache-2.0
"""Class A: the command line, names, secrets that are read, the configuration, the environment."""
import json
import os
import urllib.parse

from harness import DAMAGED, DENIED, NOT_FOUND, USAGE, Catcher, equal, main, wanted, words
from terminal import Terminal


def stored_secret(world):
    """The client secret as the server got it last."""
    return world.basic_name(world.requests()[-1]).partition(":")[2]


def a01_a_secret_on_the_command_line_is_refused(world):
    """Whatever the option is called, nothing is stored, and the right form is named."""
    world.provide()
    world.init()
    canary = "CANARY-" + words()
    world.canaries.add(canary)
    for command in (("client", "add", "c", "--provider", "here", "--client-id", "i"), ("client", "set-secret", "c"),
                    ("add", "n", "--client", "c")):
        for option in ("--client-secret", "--secret", "--refresh-token", "--token", "--password", "--passphrase"):
            result = world.larder(*command, f"{option}={canary}", exits=USAGE)
            world.larder(*command, option, canary, exits=USAGE)
            if option == "--client-secret":
                wanted(b"file" in result.err, f"the right form is not named: {result}")
    equal("clients", world.larder("client", "list", "--json").json(), [])


def a02_a_secret_s_file_that_others_read_is_refused(world):
    """Exit 7 with the mode named; the same file made private is taken."""
    world.provide()
    world.init()
    path = world.write("secret.txt", world.secret)
    for mode in (0o644, 0o640, 0o604, 0o620, 0o602):
        os.chmod(path, mode)
        result = world.larder("client", "add", world.client, "--provider", "here", "--client-id", "i", "--secret-file", path,
                              exits=DENIED)
        wanted(f"{mode:04o}" in result.why(), f"the mode is not named: {result}")
    equal("clients", world.larder("client", "list", "--json").json(), [])
    os.chmod(path, 0o600)
    world.larder("client", "add", world.client, "--provider", "here", "--client-id", "i", "--secret-file", path, "--quiet")


def a03_secrets_that_are_none_are_refused(world):
    """A03, A05, A06: empty, only a line end, NUL inside, too long: exit 2, never cut silently, nothing stored."""
    world.provide()
    world.init()
    world.register()
    bad = {"empty": b"", "LF": b"\n", "CRLF": b"\r\n", "NUL": b"abc\0def", "NUL at the end": b"abc\0\n", "1 MiB": b"x" * 1048576,
           "over the limit": b"x" * 16385}
    for what, secret in bad.items():
        result = world.larder("client", "add", "another", "--provider", "here", "--client-id", "i", "--secret-file", "-",
                              stdin=secret, exits=USAGE)
        if len(secret) > 16384:
            wanted("16384" in result.why(), f"the limit is not named: {result}")
        if what == "1 MiB" or what == "over the limit":
            continue        # a refresh token may be longer than a client secret
        world.larder("add", world.name, "--client", world.client, "--refresh-token-file", "-", stdin=secret, exits=USAGE)
    world.larder("add", world.name, "--client", world.client, "--refresh-token-file", "-", stdin=b"x" * 1048576, exits=USAGE)
    equal("clients", [one["name"] for one in world.larder("client", "list", "--json").json()], [world.client])
    equal("credentials", world.larder("list", "--json").json(), [])


def a04_one_line_end_of_a_secret_is_removed_and_no_more(world):
    """What the server gets is the secret as typed, without the line's end."""
    world.set_up()
    for given, stored in ((b"one\r\n", "one"), (b"two\n", "two"), (b"three\n\n", None), (b"four", "four")):
        result = world.larder("client", "set-secret", world.client, "--secret-file", "-", "--quiet", stdin=given, exits=(0, USAGE))
        if result.status == 0:
            world.larder("token", world.name, "--force", exits=8)
            expected = stored if stored is not None else given[:-1].decode()
            got = stored_secret(world)
            equal(f"the secret of {given!r}", urllib.parse.unquote_plus(got), expected)
    world.larder("client", "set-secret", world.client, "--secret-file", "-", "--quiet", stdin=world.secret.encode())
    world.still_works()


def a07_names_that_are_none_are_refused_everywhere(world):
    """A07, A08, A11: paths, controls, bad UTF-8, too long, like an option: exit 2 by every command that takes a name."""
    world.set_up()
    names = ["../x", "a/b", "a\nb", "\x1b[2J", ".", "..", "", " ", "a b", "n" * 65, "n" * 300, "-", "--help", "@/etc/passwd", "é",
             b"\xff\xfe", "a\x7f", "-x", "‮abc", "a%2fb", "~", "*", "$HOME"]
    for name in names:
        for command in (("token",), ("show",), ("refresh",), ("revoke", "--yes"), ("logout", "--yes"), ("client", "show")):
            result = world.larder(*command, "--", name, exits=(USAGE, NOT_FOUND))
            equal(f"the exit status of {command} {name!r}", result.status, USAGE)
    for name in names[:8] + names[-4:]:
        world.larder("add", "--client", world.client, "--refresh-token-file", "-", "--", name, stdin=b"x", exits=USAGE)
        world.larder("client", "add", "--provider", "here", "--client-id", "i", "--", name, exits=USAGE)
    equal("credentials", [one["name"] for one in world.larder("list", "--json").json()], [world.name])
    world.still_works()


def a10_names_are_compared_exactly(world):
    """GitHub is not github: the other case is not found, and both can be there."""
    world.set_up()
    world.enrol("GitHub", scope="one")
    world.larder("token", "github", exits=NOT_FOUND)
    world.larder("revoke", "GITHUB", "--yes", exits=NOT_FOUND)
    world.enrol("github", scope="two")
    equal("GitHub's scope", world.larder("token", "GitHub", "--json").json()["scope"], "one")
    equal("github's scope", world.larder("token", "github", "--json").json()["scope"], "two")
    world.still_works("GitHub")


def a12_a_broken_configuration_stops_everything_that_needs_it(world):
    """Duplicates, unknown members, wrong types, binary, too long: exit 2 that names the file; defaults are not used."""
    world.set_up()
    token = world.token()
    bad = {"duplicate": '{"key_commands":{},"key_commands":{}}', "unknown": '{"key_comands":{}}', "type": '{"key_commands":[]}',
           "inner type": '{"key_commands":{"/x":"pass"}}', "binary": b"\x00\x01\xff\xfe" * 100, "not JSON": "key_commands = 1\n",
           "10 MiB": b'{"key_commands":{}' + b" " * (10 << 20) + b"}", "cut": '{"key_commands":', "deep": '{"a":' * 5000, "empty": ""}
    path = world.path(".config/larder/config.json")
    for what, content in bad.items():
        world.write(".config/larder/config.json", content)
        result = world.larder("token", world.name, exits=USAGE)
        wanted("config.json" in result.why(), f"{what}: the file is not named: {result}")
    os.unlink(path)
    for what, content in bad.items():
        file = world.write(".config/larder/providers.d/zz.json", content)
        result = world.larder("provider", "check", file, exits=(USAGE, 10))
        wanted("zz.json" in result.why() + result.text(), f"{what}: the file is not named: {result}")
        os.unlink(file)
    equal("the cached token", world.token(), token)
    world.still_works()


def a14_the_environment_of_other_tools_is_ignored(world):
    """Proxies, key logs, curl's and SQLite's variables, another TMPDIR: no effect, no contact, no file."""
    world.set_up()
    keylog = world.path("keylog")
    evil = world.path("evil")
    os.mkdir(evil)
    with Catcher() as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
        world.environment.update({name: url for name in names})
        world.environment.update(SSLKEYLOGFILE=keylog, CURL_CA_BUNDLE="/nonexistent", CURL_HOME=evil, SQLITE_TMPDIR=evil, TMPDIR=evil,
                                 NO_PROXY="", CURL_SSL_BACKEND="x", OPENSSL_CONF="/nonexistent", RES_OPTIONS="debug")
        world.still_works()
        equal("connections to the proxy", proxy.connections, 0)
    wanted(not os.path.exists(keylog), "a file of TLS keys was written")
    equal("files in the other TMPDIR", os.listdir(evil), [])


def a14_without_a_home_nothing_is_guessed(world):
    """HOME unset and no other word of where the vault is: exit 2; a relative one is refused."""
    world.set_up()
    for value in (None, "", "relative"):
        environment = {key: value_ for key, value_ in world.environment.items() if key != "HOME"}
        if value is not None:
            environment["HOME"] = value
        kept, world.environment = world.environment, environment
        world.larder("list", exits=USAGE, cwd="/")
        world.environment = kept
    world.larder("--vault", world.vault, "list")
    world.still_works()


def a16_output_that_is_lost_is_no_success(world):
    """A full device: exit 9. A reader that went away: no signal, and the audit has the release all the same."""
    world.set_up()
    with open("/dev/full", "wb") as full:
        world.larder("token", world.name, out=full, exits=DAMAGED)
        world.larder("list", "--json", out=full, exits=DAMAGED)
    reader, writer = os.pipe()
    os.close(reader)
    before = len(world.larder("audit", "--json").json())
    with os.fdopen(writer, "wb") as gone:
        process = world.start("token", world.name, stdout=gone)
    status, _ = world.wait(process, 20)
    wanted(status in (1, DAMAGED), f"exit {status} when nobody reads")
    equal("audit rows of the lost release", len(world.larder("audit", "--json").json()) - before, 1)
    world.still_works()


def a17_a_token_is_one_line_and_nothing_else(world):
    """The same bytes by pipe and file; colours asked for change nothing."""
    world.set_up()
    token = world.token()
    for more in ((), ("--color", "always"), ("-v",), ("-q",)):
        result = world.larder("token", world.name, *more)
        equal(f"the output with {more}", result.out, token.encode() + b"\n")
    equal("the JSON's token", json.loads(world.larder("token", world.name, "--json").out)["access_token"], token)


def a17_a_terminal_gets_the_same_line(world):
    """On a terminal with colours the token is the same one line, without a mark, a question or a control byte."""
    world.set_up()
    token = world.token()
    for more in ((), ("--color", "always"), ("--offline",)):
        for environment in ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, {"TERM": "dumb"}):
            with Terminal(world, "token", world.name, *more, environment=environment) as terminal:
                before = terminal.mode()
                equal(f"what is on the screen with {more}", terminal.end(), (0, token.encode() + b"\r\n"))
                equal("the terminal's mode afterwards", terminal.mode(), before)
    world.still_works()


if __name__ == "__main__":
    main()

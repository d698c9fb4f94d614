# SPDX-License-Identifier: Apache-2.0
"""One refresh token for several resources: RFC 8707, and the way in which Microsoft names them in scopes.

Fields of a grant:
  resources      list of those that a token may be for; null: the parameter is not looked at
  by_scope       true: a scope is RESOURCE/NAME or RESOURCE/.default, one request may name one resource only, and a refresh
                 may ask for scopes of another one of `resources` than the log-in did
"""
from ledger import Refusal


def resource_of(scope):
    return scope.rpartition("/")[0]


def choose(grant, scope, asked):
    """The resource and the scope that a token is for. scope: as asked for, or None; asked: the parameters `resource`."""
    known = grant["resources"]
    if known is None:
        return None, scope
    if grant["by_scope"]:
        return by_scope(grant, scope, asked)
    for one in asked:
        if one not in known:
            raise Refusal("invalid_target", "no such resource")
    return " ".join(asked) or None, scope


def by_scope(grant, scope, asked):
    if asked:
        raise Refusal("invalid_request", "AADSTS9010010: the resource parameter doesn't match the scopes")
    names = {resource_of(one) for one in (scope or grant["scope"]).split() if "/" in one}
    if len(names) > 1:
        raise Refusal("invalid_request", "AADSTS28000: scopes of more than one resource")
    if not names <= set(grant["resources"]):
        raise Refusal("invalid_scope", "AADSTS70011: no such scope")
    return next(iter(names), None), scope

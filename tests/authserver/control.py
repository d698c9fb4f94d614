# SPDX-License-Identifier: Apache-2.0
"""POST /control {"op": ..., ...}: what tests say to the authorization server. Every answer is a JSON object.

  client_new     fields of a client (ledger.CLIENT_DEFAULTS), id      -> the client
  grant_new      client, fields of a grant (ledger.GRANT_DEFAULTS)    -> grant, refresh_token; access: true adds an access_token
  grant          id, tokens: true shows them                          -> the family: newest, live, spent, revoked, uses, counts
  grant_set      id, fields of a grant to change from now on          -> the family
  grant_end      id                                                   -> revokes it, as a user does at the provider
  grants                                                              -> {"grants": [families]}
  identify       token                                                -> kind, grant, n, state
  expire_access  id                                                   -> every access token of the grant ends now
  counts                                                              -> counters of the whole server, connections
  fault          fields of a fault (faults.py)                        -> {"id": n}
  faults, faults_clear, release (gate), gate_new (gate), gate (gate)  -> what is scripted; how many wait at a gate
  requests       endpoint, last                                       -> {"requests": what arrived, headers and form}
  requests_clear                                                      -> forgets them and the counters of wait
  wait           endpoint, count, timeout_s                           -> {"count": n} when so many have arrived, or after the time
  login_set      the options of login.py                              -> how log-ins go
  grants_set     fields of grants.Grants.options                      -> how grants without a person go
  trust          iss, file (PEM), alg, client, kid                    -> assertions of this issuer are taken
  trust_certificate  file (PEM)                                       -> TLS clients may show one that it vouches for
  subject        token, type, account                                 -> a token that can be exchanged
  discovery_set  fields of discovery.OPTIONS                          -> what the server says about itself
  registered                                                          -> {"clients": [ids]} of those that registered themselves
  save           writes the state now (SIGTERM does too)
"""
import json
import ssl
import time

from ledger import GRANT_DEFAULTS
from wire import Reply


class Control:
    def __init__(self, server):
        self.server, self.ledger, self.faults = server, server.ledger, server.faults
        self.listeners = []

    def handle(self, request):
        try:
            order = json.loads(request.body or b"{}")
            handler = getattr(self, "op_" + order.pop("op", "nothing"), None)
            if not handler:
                raise ValueError("no such operation")
            return Reply.json(handler(**order) or {})
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return Reply.json({"control_error": f"{type(error).__name__}: {error}"}, 400)

    def op_client_new(self, **fields):
        with self.ledger.lock:
            return self.ledger.add_client(fields)

    def op_grant_new(self, client, access=False, **fields):
        with self.ledger.lock:
            grant = self.ledger.add_grant(client, fields)
            answer = {"grant": grant["id"], "refresh_token": grant["generations"][0]["token"]}
            if access:
                answer["access_token"] = self.ledger.new_access(grant, 1, grant["scope"])
            return answer

    def op_grant(self, id, tokens=False):
        with self.ledger.lock:
            return self.ledger.view(self.ledger.grants[id], tokens)

    def op_grant_set(self, id, **fields):
        unknown = set(fields) - set(GRANT_DEFAULTS)
        if unknown:
            raise ValueError(f"unknown grant fields: {sorted(unknown)}")
        with self.ledger.lock:
            self.ledger.grants[id].update(fields)
            return self.ledger.view(self.ledger.grants[id])

    def op_grant_end(self, id):
        with self.ledger.lock:
            self.ledger.end_grant(self.ledger.grants[id], "ended by the user")
            return self.ledger.view(self.ledger.grants[id])

    def op_grants(self):
        with self.ledger.lock:
            return {"grants": [self.ledger.view(grant) for grant in self.ledger.grants.values()]}

    def op_identify(self, token):
        with self.ledger.lock:
            return self.ledger.identify(token)

    def op_expire_access(self, id):
        with self.ledger.lock:
            for token in self.ledger.grants[id]["access"]:
                self.ledger.access[token]["expires_at"] = min(self.ledger.access[token]["expires_at"], time.time())

    def op_counts(self):
        with self.ledger.lock:
            counts = dict.fromkeys(("token_requests", "refresh_requests", "replays", "families_revoked", "rotations",
                                    "grant_requests",
                                    "revocation_requests", "unknown_refresh_tokens", "api_requests", "api_refused"), 0)
            counts.update(self.ledger.counts)
        counts["nonces_asked"] = dict(self.server.dpop.asked)
        counts["connections"] = sum(listener.connections for listener in self.listeners)
        return counts

    def op_fault(self, **fields):
        return {"id": self.faults.add(fields)}

    def op_faults(self):
        return {"faults": self.faults.scripts}

    def op_faults_clear(self):
        self.faults.clear()

    def op_release(self, gate):
        self.faults.release(gate)

    def op_gate_new(self, gate):
        self.faults.close_gate(gate)

    def op_gate(self, gate):
        return {"waiting": self.faults.gate(gate)["waiting"]}

    def op_requests(self, endpoint=None, last=None):
        with self.server.arrived:
            found = [one for one in self.server.requests if endpoint in (None, one["endpoint"])]
        return {"requests": found[-last:] if last else found}

    def op_requests_clear(self):
        with self.server.arrived:
            self.server.requests.clear()
            self.server.seen.clear()

    def op_wait(self, endpoint="token", count=1, timeout_s=10):
        with self.server.arrived:
            self.server.arrived.wait_for(lambda: self.server.seen[endpoint] >= count, timeout_s)
            return {"count": self.server.seen[endpoint]}

    def op_login_set(self, **fields):
        return self.set_options(self.server.login.options, fields)

    def op_grants_set(self, **fields):
        return self.set_options(self.server.grants.options, fields)

    def op_trust(self, **fields):
        self.server.grants.trust(**fields)

    def op_trust_certificate(self, file):
        for listener in self.listeners:
            if listener.tls:
                listener.tls.verify_mode = ssl.CERT_OPTIONAL
                listener.tls.load_verify_locations(file)

    def op_subject(self, token, type, account):
        self.server.grants.subjects[token] = {"type": type, "account": account}

    @staticmethod
    def set_options(options, fields):
        unknown = set(fields) - set(options)
        if unknown:
            raise ValueError(f"unknown fields: {sorted(unknown)}")
        options.update(fields)
        return options

    def op_discovery_set(self, **fields):
        unknown = set(fields) - set(self.server.discovery.options)
        if unknown:
            raise ValueError(f"unknown fields: {sorted(unknown)}")
        self.server.discovery.options.update(fields)
        return self.server.discovery.options

    def op_registered(self):
        return {"clients": list(self.server.discovery.registered)}

    def op_save(self):
        with self.ledger.lock:
            self.ledger.save()
